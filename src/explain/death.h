// How a container ended, in one sentence. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace caisson::explain {

/// A process that the kernel killed for want of memory.
struct Victim {
  int pid = 0;       ///< as the host has it; 0: not known
  std::string name;  ///< its command; empty: not known
};

/// Who ended the container from outside.
enum class Ender { kNobody, kStop, kShutdown, kKeeper, kRestart, kKill, kTimeout };

struct Death {
  int wait_status = 0;                        ///< of the container's first process (wait(2))
  bool running = false;                       ///< it lives on: only what happened inside is told
  std::optional<std::uint64_t> memory_limit;  ///< bytes
  std::optional<std::uint64_t> memory_peak;   ///< bytes
  std::uint64_t oom_kills = 0;                ///< of the cgroup, by the kernel
  bool oom_group = false;                     ///< all were killed together (memory.oom.group)
  std::vector<Victim> victims;                ///< of the oom_kills, as far as they are known
  std::optional<std::uint64_t> pids_limit;
  std::uint64_t pids_limit_hits = 0;  ///< how often a fork was refused
  Ender ender = Ender::kNobody;
  std::uint64_t timeout_seconds = 0;  ///< of Ender::kTimeout
};

/// "killed by signal 9 (SIGKILL): the memory limit of 100 MiB was reached (peak 100 MiB, 1 kill by the kernel: python3,
/// pid 12)"; "exited with status 0; 1 process inside was killed at the memory limit of 100 MiB".
std::string death(const Death& death);

}  // namespace caisson::explain
