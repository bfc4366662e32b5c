// Processes of this host: known by pid and start time, used through pidfds.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace caisson::kernel {

/// A process that a reused pid cannot be mistaken for.
struct ProcessId {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  ///< field 22 of /proc/PID/stat (proc(5)): clock ticks since boot
};

/// What /proc/PID/stat says of a process.
struct ProcessStat {
  char state = '?';  ///< R, S, D, Z, T, …
  pid_t parent = 0;
  std::uint64_t start_ticks = 0;
};
Result<ProcessStat> process_stat(pid_t pid);  ///< ESRCH if there is no such process

/// The process `pid` of this moment.
Result<ProcessId> identify(pid_t pid);

/// A pidfd of `process`; ESRCH if it is gone or its pid is another's by now. No other error says that.
Result<Fd> open_process(const ProcessId& process);

/// Whether `process` still runs (a zombie does not).
bool is_running(const ProcessId& process);

/// pidfd_send_signal(2); ESRCH if the process is gone.
Result<> send_signal(int pidfd, int signal);

/// The wait status of the child `pid`, once it has ended (waitpid(2)).
Result<int> wait_for(pid_t pid);

/// Waits until the process behind `pidfd` has ended; false after `timeout_ms` (-1: for ever).
bool wait_until_gone(int pidfd, int timeout_ms);

}  // namespace caisson::kernel
