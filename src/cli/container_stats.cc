#include "cli/container_stats.h"

#include <sys/sysinfo.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "cgroup/stats.h"
#include "cli/image_json.h"
#include "kernel/files.h"

namespace caisson::cli {

namespace {

using Json = nlohmann::ordered_json;

std::uint64_t host_memory() {
  struct sysinfo system{};
  return ::sysinfo(&system) == 0 ? std::uint64_t{system.totalram} * system.mem_unit : 0;
}

std::uint64_t working_set(const cgroup::MemoryStats& memory) {
  for (const char* key : {"total_inactive_file", "inactive_file"}) {  // v1's, with the cgroups below; v2's is with them
    const auto found = memory.raw.find(key);
    if (found != memory.raw.end()) return memory.usage.usage - std::min(memory.usage.usage, found->second);
  }
  return memory.usage.usage;
}

void add_block_io(const cgroup::BlockIoStats& stats, UsageSample& sample) {
  for (const cgroup::BlockIoEntry& entry : stats.service_bytes) {
    if (entry.op == "Read" || entry.op == "read") sample.read_bytes += entry.value;
    if (entry.op == "Write" || entry.op == "write") sample.written_bytes += entry.value;
  }
}

// "1.5MiB": docker shows memory in powers of 1024, the rest in those of 1000.
std::string binary_bytes(std::uint64_t bytes) {
  constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{:.4g}{}", value, kUnits[unit]);
}

std::string pair(std::uint64_t first, std::uint64_t second) {
  return decimal_bytes(static_cast<std::int64_t>(first)) + " / " + decimal_bytes(static_cast<std::int64_t>(second));
}

double share(double part, double whole) { return whole > 0 ? part / whole * 100 : 0; }

}  // namespace

NetworkBytes network_bytes(std::string_view text) {
  NetworkBytes bytes;
  for (const std::string_view line : split(text, '\n')) {
    const Cut parts = cut(line, ':');
    if (!parts.tail || parts.head.ends_with(" lo") || parts.head == "lo") continue;
    std::vector<std::string_view> counts = split(*parts.tail, ' ');
    std::erase(counts, std::string_view());
    if (counts.size() < 9) continue;
    bytes.received += parse_unsigned(counts[0]).value_or(0);
    bytes.sent += parse_unsigned(counts[8]).value_or(0);
  }
  return bytes;
}

UsageSample sample_usage(const engine::Container& container) {
  const cgroup::Stats stats = cgroup::read_stats(container.record.cgroup_directories);
  const std::uint64_t all = host_memory();
  UsageSample sample{
      .moment_ns = now_nanoseconds(),
      .cpu_ns = stats.cpu.total_ns,
      .memory_bytes = working_set(stats.memory),
      .memory_limit_bytes = stats.memory.usage.limit == 0 ? all : std::min(stats.memory.usage.limit, all),
      .processes = stats.pids.current};
  add_block_io(stats.block_io, sample);
  if (container.record.network != "host") {
    const NetworkBytes bytes =
        network_bytes(kernel::read_file(fmt::format("/proc/{}/net/dev", container.live->process.pid)).value_or(""));
    sample.received_bytes = bytes.received;
    sample.sent_bytes = bytes.sent;
  }
  return sample;
}

Json stats_row(const engine::Container& container, const std::optional<UsageSample>& before,
               const std::optional<UsageSample>& now, bool whole) {
  const engine::Record& record = container.record;
  const std::string id = whole ? record.id : short_id(record.id);
  const UsageSample sample = now.value_or(UsageSample());
  const UsageSample earlier =
      before.value_or(UsageSample{.moment_ns = container.live ? container.live->started_ns : sample.moment_ns});
  const double cpu = static_cast<double>(sample.cpu_ns - std::min(sample.cpu_ns, earlier.cpu_ns));
  return {{"BlockIO", pair(sample.read_bytes, sample.written_bytes)},
          {"CPUPerc", fmt::format("{:.2f}%", share(cpu, static_cast<double>(sample.moment_ns - earlier.moment_ns)))},
          {"Container", id},
          {"ID", id},
          {"MemPerc", fmt::format("{:.2f}%", share(static_cast<double>(sample.memory_bytes),
                                                   static_cast<double>(sample.memory_limit_bytes)))},
          {"MemUsage", binary_bytes(sample.memory_bytes) + " / " + binary_bytes(sample.memory_limit_bytes)},
          {"Name", record.name},
          {"NetIO", pair(sample.received_bytes, sample.sent_bytes)},
          {"PIDs", std::to_string(sample.processes)}};
}

}  // namespace caisson::cli
