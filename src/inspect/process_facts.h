// One process, as /proc/PID tells of it (proc(5)).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace caisson::inspect {

struct ProcessFacts {
  pid_t pid = 0;
  std::vector<pid_t> inner_pids;  ///< in the PID namespaces below the caller's, the innermost last
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  char state = '?';
  std::string name;                    ///< comm: at most 15 bytes
  std::vector<std::string> arguments;  ///< empty: of the kernel's, or a zombie
  std::uint32_t real_uid = 0;
  std::uint32_t uid = 0;  ///< the effective one
  std::uint32_t real_gid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;
  std::uint64_t cpu_ticks = 0;    ///< of user and kernel
  std::uint64_t start_ticks = 0;  ///< since boot
  std::int64_t terminal = 0;      ///< its device number; 0: none
  std::int64_t nice = 0;
  std::int64_t priority = 0;
  std::int64_t threads = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t inheritable = 0;  ///< capabilities
  std::uint64_t permitted = 0;
  std::uint64_t effective = 0;
  std::uint64_t bounding = 0;
  std::uint64_t ambient = 0;
  int seccomp = 0;  ///< 0 none, 1 strict, 2 filter
  std::string label;
};

/// What is needed to make times of ticks.
struct HostClock {
  std::uint64_t ticks_per_second = 100;
  std::int64_t now_ns = 0;     ///< since 1970
  std::int64_t uptime_ns = 0;  ///< since boot, with what was slept
  std::int64_t utc_offset_s = 0;
  std::uint64_t memory_bytes = 0;
};

}  // namespace caisson::inspect
