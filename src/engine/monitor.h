// Handing a container to the monitor program: the process that made it becomes its keeper.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "keeper/log_file.h"
#include "runtime/launch.h"

namespace caisson::engine {

/// The monitor's command line (programs/monitor/main.cc). Descriptors that are not there are -1.
struct MonitorCommand {
  std::string program;
  pid_t pid = 0;
  int pidfd = -1;
  int input = -1;
  int output = -1;
  int error = -1;
  int terminal = -1;
  int listener = -1;
  std::string log;  ///< path; empty: none
  keeper::EntryFormat log_format = keeper::EntryFormat::kLines;
  std::int64_t log_bytes = 0;
  std::int32_t log_files = 0;
  std::string journal;             ///< fields; empty: none
  std::vector<std::string> check;  ///< a command; empty: none
  std::int64_t check_interval_ms = 0;
  std::int64_t check_start_interval_ms = 0;
  std::int64_t check_start_period_ms = 0;
  std::uint32_t timeout_s = 0;
  int stop_signal = 0;
  std::int32_t stop_timeout_s = -1;
  std::vector<std::string> clean_up;  ///< executed at the end; "{status}" stands for the wait status, "{told}" for
                                      ///< "told" if SIGTERM came to the monitor
};

/// Becomes the monitor; the descriptors named and `also` are inherited. Returns (with errno) if it cannot be executed.
void execute_monitor(const MonitorCommand& command, int also);

/// The descriptors 3 … 2+n are the container's now: the monitor does not inherit them.
void leave_preserved(std::uint32_t preserve_fds);

/// Tells the process that forked this one how the launch went, over a pipe.
void report_launched(int pipe);
void report_failure(int pipe, const runtime::LaunchError& error);

/// Waits for that report. Nothing said: the process was killed.
std::expected<void, runtime::LaunchError> read_launch_report(int pipe);

}  // namespace caisson::engine
