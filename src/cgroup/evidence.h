// What a cgroup tells about what happened in it. Read before it is removed; what cannot be read is left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace caisson::cgroup {

struct Evidence {
  std::optional<std::uint64_t> memory_limit_bytes;  ///< absent also where there is none
  std::optional<std::uint64_t> memory_peak_bytes;   ///< v2: since Linux 5.19
  std::optional<std::uint64_t> oom_kills;           ///< processes killed for memory, in this cgroup and those below
  std::optional<std::uint64_t> oom_group_kills;     ///< v2, since Linux 5.17: times that all were killed together
  std::optional<std::uint64_t> pids_limit;
  std::optional<std::uint64_t> pids_peak;        ///< since Linux 6.1
  std::optional<std::uint64_t> pids_limit_hits;  ///< forks that failed because of the limit
  std::optional<std::uint64_t> cpu_usage_us;
  std::optional<std::uint64_t> cpu_periods;            ///< periods of the CPU quota in which something ran …
  std::optional<std::uint64_t> cpu_throttled_periods;  ///< … and in how many of them it was stopped
  std::optional<std::uint64_t> cpu_throttled_us;
};

/// What the cgroups `directories` of one container (one a hierarchy: Layout::directories) say, v1 or v2.
Evidence read_evidence(const std::vector<std::string>& directories);

/// The value of `key` in a file of lines "key value": memory.events, cpu.stat, memory.oom_control. Pure.
std::optional<std::uint64_t> value_of(std::string_view lines, std::string_view key);

}  // namespace caisson::cgroup
