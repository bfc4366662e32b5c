#include "kernel/processes.h"

#include <poll.h>
#include <sys/wait.h>

#include <string_view>

#include "base/text.h"
#include "kernel/files.h"
#include "kernel/syscalls.h"

namespace caisson::kernel {

namespace {
Error no_process(pid_t pid) { return {.call = "pidfd_open", .number = ESRCH, .operand = std::to_string(pid)}; }
}  // namespace

Result<ProcessStat> process_stat(pid_t pid) {
  const Result<std::string> text = read_file("/proc/" + std::to_string(pid) + "/stat");
  if (!text) return fail(text.error().number == ENOENT ? no_process(pid) : text.error());
  // The second field is the command's name in parentheses and may hold anything, so the fields are counted from its
  // end.
  const std::size_t end = text->rfind(") ");
  if (end == std::string::npos) return fail(no_process(pid));
  const std::vector<std::string_view> fields = split(std::string_view(*text).substr(end + 2), ' ');
  if (fields.size() < 20 || fields[0].empty()) return fail(no_process(pid));
  return ProcessStat{.state = fields[0][0],
                     .parent = static_cast<pid_t>(parse_signed(fields[1]).value_or(0)),
                     .start_ticks = parse_unsigned(fields[19]).value_or(0)};
}

Result<ProcessId> identify(pid_t pid) { return ProcessId{pid, TRY(process_stat(pid)).start_ticks}; }

Result<Fd> open_process(const ProcessId& process) {
  if (process.pid <= 0) return fail(no_process(process.pid));
  Fd pidfd(pidfd_open(process.pid, 0));
  if (!pidfd) return fail(os_error("pidfd_open", std::to_string(process.pid)));
  // Checked after opening: from here on the descriptor stays with this process, whatever becomes of the number.
  const ProcessStat stat = TRY(process_stat(process.pid));
  if (stat.start_ticks != process.start_ticks) return fail(no_process(process.pid));
  return pidfd;
}

bool is_running(const ProcessId& process) {
  if (process.pid <= 0) return false;
  const auto stat = process_stat(process.pid);
  return stat && stat->start_ticks == process.start_ticks && stat->state != 'Z' && stat->state != 'X';
}

Result<> send_signal(int pidfd, int signal) {
  if (pidfd_send_signal(pidfd, signal) != 0)
    return fail(os_error("pidfd_send_signal", "signal " + std::to_string(signal)));
  return {};
}

Result<int> wait_for(pid_t pid) {
  int status = 0;
  if (retry([&] { return ::waitpid(pid, &status, 0); }) < 0) return fail(os_error("waitpid", std::to_string(pid)));
  return status;
}

bool wait_until_gone(int pidfd, int timeout_ms) {
  struct pollfd entry{pidfd, POLLIN, 0};
  return retry([&] { return ::poll(&entry, 1, timeout_ms); }) > 0;
}

}  // namespace caisson::kernel
