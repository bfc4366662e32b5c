// Who was killed for memory: the kernel's log says it, and nothing else does.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caisson::cgroup {

/// A process that was killed because a cgroup was out of memory. The cgroups are paths in the memory hierarchy.
struct OomVictim {
  pid_t pid = 0;
  std::string name;           ///< its command's first 15 bytes (comm)
  std::string cgroup;         ///< where it was: "/caisson/ID"
  std::string limit_cgroup;   ///< whose limit it was: the same, or one above it or below
  std::uint64_t time_us = 0;  ///< since boot, by the log's clock (close to CLOCK_MONOTONIC)
};

/// Reads one record as /dev/kmsg gives it (Documentation/ABI/testing/dev-kmsg):
/// "6,420,3234517206,-;oom-kill:constraint=CONSTRAINT_MEMCG,…". Nothing if it is of anything else. Pure.
std::optional<OomVictim> parse_oom_record(std::string_view record);

/// The victims in the cgroup `path` ("/caisson/ID") and those below it, killed at `since_us` or later (microseconds of
/// CLOCK_MONOTONIC), oldest first. Nobody if the log may not be read (dmesg_restrict, no CAP_SYSLOG) or has forgotten.
/// Does not wait.
std::vector<OomVictim> read_oom_victims(const std::string& path, std::uint64_t since_us = 0);

}  // namespace caisson::cgroup
