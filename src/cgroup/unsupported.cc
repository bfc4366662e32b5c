#include <fmt/format.h>

#include "cgroup/conversion.h"

namespace caisson::cgroup {

namespace {

// Takes one setting out, if it is there and says more than "as it is anyway".
class Dropping {
 public:
  template <class T>
  void drop(std::string_view item, std::optional<T>& value, T harmless, std::string_view why) {
    if (value && *value != harmless && *value != T{}) {
      dropped_.push_back(in("linux.resources." + std::string(item), complaint(fmt::format("left out: {}", why))));
    }
    value.reset();
  }
  std::vector<Error> finish() { return std::move(dropped_); }

 private:
  std::vector<Error> dropped_;
};

}  // namespace

std::vector<Error> drop_unsupported(spec::Resources& resources, const HostFacts& facts) {
  constexpr std::int64_t kUnlimited = -1;
  Dropping dropping;
  spec::Memory& memory = resources.memory;
  dropping.drop("memory.kernel", memory.kernel, kUnlimited,
                "the kernel's own memory cannot be limited alone since Linux 5.16");
  if (facts.cgroup_mode != CgroupMode::kV2) return dropping.finish();
  dropping.drop("memory.kernelTCP", memory.kernel_tcp, kUnlimited,
                "cgroup v2 has no limit for the memory of TCP buffers alone");
  dropping.drop("memory.swappiness", memory.swappiness, UINT64_MAX, "cgroup v2 has no swappiness of a cgroup");
  dropping.drop("memory.disableOOMKiller", memory.disable_oom_killer, false,
                "the out-of-memory killer cannot be switched off on cgroup v2");
  memory.use_hierarchy.reset();  // so it is on v2
  constexpr std::string_view kRealTime = "cgroup v2 has no limit for real-time tasks";
  dropping.drop("cpu.realtimePeriod", resources.cpu.realtime_period, std::uint64_t{0}, kRealTime);
  dropping.drop("cpu.realtimeRuntime", resources.cpu.realtime_runtime, std::int64_t{0}, kRealTime);
  constexpr std::string_view kNetwork = "cgroup v2 marks no packets";
  dropping.drop("network.classID", resources.network.class_id, std::uint32_t{0}, kNetwork);
  std::optional<std::size_t> interfaces = resources.network.priorities.size();
  dropping.drop("network.priorities", interfaces, std::size_t{0}, kNetwork);
  resources.network.priorities.clear();
  return dropping.finish();
}

}  // namespace caisson::cgroup
