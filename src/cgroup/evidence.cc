#include "cgroup/evidence.h"

#include "base/text.h"
#include "cgroup/files.h"
#include "cgroup/tree.h"
#include "kernel/files.h"

namespace caisson::cgroup {

namespace {

// v1 counts a kill where the victim was, v2 there and above.
std::uint64_t v1_oom_kills(const std::string& directory) {
  std::uint64_t kills = 0;
  for (const std::string& group : tree(directory)) {
    kills += value_of(kernel::read_file(group + "/memory.oom_control").value_or(""), "oom_kill").value_or(0);
  }
  return kills;
}

void read_memory(const Files& files, const std::string& directory, Evidence& evidence) {
  constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 62;  // v1 shows the largest number of whole pages instead
  if (const auto limit = files.number("memory.limit_in_bytes")) {
    if (*limit < kNoLimit) evidence.memory_limit_bytes = limit;
    evidence.memory_peak_bytes = files.number("memory.max_usage_in_bytes");
    evidence.oom_kills = v1_oom_kills(directory);
  } else if (const auto events = files.read("memory.events")) {
    evidence.memory_limit_bytes = files.number("memory.max");
    evidence.memory_peak_bytes = files.number("memory.peak");
    evidence.oom_kills = value_of(*events, "oom_kill");
    evidence.oom_group_kills = value_of(*events, "oom_group_kill");
  }
}

void read_pids(const Files& files, Evidence& evidence) {
  if (const auto events = files.read("pids.events")) {
    evidence.pids_limit = files.number("pids.max");
    evidence.pids_peak = files.number("pids.peak");
    evidence.pids_limit_hits = value_of(*events, "max");
  }
}

void read_cpu(const Files& files, Evidence& evidence) {
  if (const auto usage_ns = files.number("cpuacct.usage")) evidence.cpu_usage_us = *usage_ns / 1000;
  const std::optional<std::string> stat = files.read("cpu.stat");
  if (!stat) return;
  if (const auto usage_us = value_of(*stat, "usage_usec")) evidence.cpu_usage_us = usage_us;
  const auto periods = value_of(*stat, "nr_periods");
  if (!periods) return;  // v2 without the controller
  evidence.cpu_periods = periods;
  evidence.cpu_throttled_periods = value_of(*stat, "nr_throttled");
  evidence.cpu_throttled_us = value_of(*stat, "throttled_usec");
  if (const auto throttled_ns = value_of(*stat, "throttled_time")) evidence.cpu_throttled_us = *throttled_ns / 1000;
}

}  // namespace

std::optional<std::uint64_t> value_of(std::string_view lines, std::string_view key) {
  for (const std::string_view line : split(lines, '\n')) {
    const Cut pair = cut(line, ' ');
    if (pair.head == key && pair.tail) return parse_unsigned(*pair.tail);
  }
  return std::nullopt;
}

Evidence read_evidence(const std::vector<std::string>& directories) {
  Evidence evidence;
  for (const std::string& directory : directories) {
    const Files files(directory);
    read_memory(files, directory, evidence);
    read_pids(files, evidence);
    read_cpu(files, evidence);
  }
  return evidence;
}

}  // namespace caisson::cgroup
