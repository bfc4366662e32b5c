#include <fmt/format.h>

#include "cgroup/writes.h"

namespace caisson::cgroup {

namespace {

constexpr std::string_view kLimit = "linux.resources.memory.limit";
constexpr std::string_view kSwap = "linux.resources.memory.swap";

// v2 says "max" where v1 says -1.
std::string bytes(std::int64_t value, bool unified) {
  if (value >= 0) return fmt::format("{}", value);
  return unified ? "max" : "-1";
}

Result<> refuse_on_v2(const spec::Memory& memory, Writes& writes) {
  const auto refuse = [](std::string_view item, std::string_view why) {
    return fail(in(item, complaint(std::string(why))));
  };
  const CgroupHierarchy* hierarchy = writes.facts().hierarchy("memory");
  if (hierarchy == nullptr || !hierarchy->unified) return {};
  if (memory.kernel_tcp.value_or(-1) > 0) {
    return refuse("linux.resources.memory.kernelTCP", "cgroup v2 has no limit for the memory of TCP buffers alone");
  }
  if (memory.swappiness) return refuse("linux.resources.memory.swappiness", "cgroup v2 has no swappiness of a cgroup");
  if (memory.disable_oom_killer.value_or(false)) {
    return refuse("linux.resources.memory.disableOOMKiller",
                  "the out-of-memory killer cannot be switched off on cgroup v2");
  }
  return {};
}

// Memory and swap together on v1, swap alone on v2. 0 is "not set", as runc has it.
Result<> convert_swap(const spec::Memory& memory, Writes& writes) {
  const std::int64_t swap = memory.swap.value_or(0);
  const std::int64_t limit = memory.limit.value_or(0);
  if (swap == 0) return {};
  if (swap > 0 && limit <= 0) {
    return fail(in(kSwap, complaint("memory and swap together are limited, memory alone is not",
                                    "set a memory limit as well, not above this one")));
  }
  if (swap > 0 && swap < limit) {
    return fail(in(
        kSwap, complaint(fmt::format("{} bytes of memory and swap together are less than the {} bytes of memory alone",
                                     swap, limit),
                         "the value counts memory and swap together: no swap is the memory limit itself")));
  }
  const CgroupHierarchy* hierarchy = TRY(writes.need({"memory"}, kSwap));
  if (hierarchy->unified) {
    writes.write(*hierarchy, "memory.swap.max", bytes(swap < 0 ? -1 : swap - limit, true), kSwap);
  } else {
    writes.write(*hierarchy, "memory.memsw.limit_in_bytes", bytes(swap, false), kSwap);
  }
  return {};
}

}  // namespace

Result<> convert_memory(const spec::Memory& memory, Writes& writes) {
  TRY(refuse_on_v2(memory, writes));
  if (memory.kernel.value_or(-1) > 0) {
    return fail(
        in("linux.resources.memory.kernel", complaint("the kernel's own memory cannot be limited alone",
                                                      "Linux 5.16 and later ignore it: limit the memory as a whole")));
  }
  // The order is that of a new cgroup, in which nothing is limited: memory first, then memory and swap, which may not
  // be below it.
  if (memory.limit.value_or(0) != 0) {
    const CgroupHierarchy* hierarchy = TRY(writes.need({"memory"}, kLimit));
    writes.write(*hierarchy, hierarchy->unified ? "memory.max" : "memory.limit_in_bytes",
                 bytes(*memory.limit, hierarchy->unified), kLimit);
  }
  TRY(convert_swap(memory, writes));
  if (memory.reservation.value_or(0) != 0) {
    constexpr std::string_view kItem = "linux.resources.memory.reservation";
    const CgroupHierarchy* hierarchy = TRY(writes.need({"memory"}, kItem));
    writes.write(*hierarchy, hierarchy->unified ? "memory.low" : "memory.soft_limit_in_bytes",
                 bytes(*memory.reservation, hierarchy->unified), kItem);
  }
  if (const std::int64_t limit = memory.kernel_tcp.value_or(-1); limit > 0) {
    constexpr std::string_view kItem = "linux.resources.memory.kernelTCP";
    writes.write(*TRY(writes.need({"memory"}, kItem)), "memory.kmem.tcp.limit_in_bytes", bytes(limit, false), kItem);
  }
  if (memory.swappiness) {
    constexpr std::string_view kItem = "linux.resources.memory.swappiness";
    if (*memory.swappiness > 100)
      return fail(in(kItem, complaint(fmt::format("{} is not from 0 to 100", *memory.swappiness))));
    writes.write(*TRY(writes.need({"memory"}, kItem)), "memory.swappiness", fmt::format("{}", *memory.swappiness),
                 kItem);
  }
  if (memory.disable_oom_killer.value_or(false)) {
    constexpr std::string_view kItem = "linux.resources.memory.disableOOMKiller";
    writes.write(*TRY(writes.need({"memory"}, kItem)), "memory.oom_control", "1", kItem);
  }
  // useHierarchy is how every cgroup has been since Linux 5.11; checkBeforeUpdate concerns cgroups that are in use.
  return {};
}

}  // namespace caisson::cgroup
