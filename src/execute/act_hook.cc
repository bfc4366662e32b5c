// Hooks. They run in the parent's lane and in the child's, so nothing here allocates.
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>

#include "execute/act.h"
#include "kernel/syscalls.h"

namespace caisson::execute {

using kernel::retry;
using plan::Call;

namespace {

bool write_whole(int file, const char* text) noexcept {
  for (std::size_t left = std::strlen(text); left > 0;) {
    const ssize_t wrote = retry([&] { return ::write(file, text, left); });
    if (wrote < 0) return false;
    text += wrote;
    left -= static_cast<std::size_t>(wrote);
  }
  return true;
}

// In memory and not a pipe: who does not read it holds nobody up.
bool write_state(int file, const plan::RunHook& step, Context& context) noexcept {
  if (!write_whole(file, context.c_str(step.before_pid))) return false;
  if (step.after_pid) {
    char pid[16];
    ::snprintf(pid, sizeof pid, "%d", step.pid == plan::kNoSlot ? ::getpid() : context.at(step.pid));
    if (!write_whole(file, pid) || !write_whole(file, context.c_str(step.after_pid))) return false;
  }
  return ::lseek(file, 0, SEEK_SET) == 0;
}

// The hook's own process. What it prints goes to a file in memory: standard output and error are the container's.
[[noreturn]] void become_hook(const plan::RunHook& step, const Context& context, int state, int output,
                              int report) noexcept {
  std::array<char*, plan::kMostHookWords + 3> words{};
  char** arguments = words.data();
  char** word = arguments;
  for (const plan::Text text : context.plan->texts(step.arguments)) *word++ = const_cast<char*>(context.c_str(text));
  char** environment = ++word;
  for (const plan::Text text : context.plan->texts(step.environment)) *word++ = const_cast<char*>(context.c_str(text));
  reset_signals();
  ::umask(022);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The caller's descriptors are not the hook's: what it starts could hold a directory of the host open for long.
  const bool is_there = step.directory == plan::kNoSlot || ::fchdir(context.at(step.directory)) == 0;
  if (is_there && ::dup2(state, 0) == 0 && ::dup2(output, 1) == 1 && ::dup2(output, 2) == 2 &&
      ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
    ::execve(context.c_str(step.path), arguments, environment);
  const int error = errno;
  (void)!::write(report, &error, sizeof error);
  ::_exit(127);
}

// The last of what a hook printed is kept for whoever tells of its failure.
void keep_words(int output, Context& context) noexcept {
  struct stat status{};
  if (::fstat(output, &status) != 0) return;
  constexpr off_t kMost = kSaidBytes - 1;
  const off_t from = status.st_size > kMost ? status.st_size - kMost : 0;
  const ssize_t got = retry([&] { return ::pread(output, context.said, kMost, from); });
  context.said[got > 0 ? got : 0] = '\0';
}

Outcome await_hook(const plan::RunHook& step, pid_t pid, int pidfd, int report) noexcept {
  int error = 0;
  const bool executed = retry([&] { return ::read(report, &error, sizeof error); }) == 0;
  struct pollfd end{pidfd, POLLIN, 0};
  const int timeout_ms = step.timeout_s == 0 ? -1 : static_cast<int>(step.timeout_s) * 1000;
  const bool late = executed && retry([&] { return ::poll(&end, 1, timeout_ms); }) == 0;
  if (late) ::kill(pid, SIGKILL);
  int status = 0;
  if (retry([&] { return ::waitpid(pid, &status, 0); }) != pid) return failed(Call::kWait);
  if (!executed) return failed_with(Call::kExecve, error);
  if (late) return failed_with(Call::kHookTimeout, 0);
  return status == 0 ? done() : failed_with(Call::kHookStatus, 0, static_cast<std::size_t>(status));
}

}  // namespace

Outcome act(const plan::RunHook& step, Context& context) noexcept {
  Held state(::memfd_create("state", MFD_CLOEXEC));
  if (!state) return failed(Call::kMemfdCreate);
  if (!write_state(state.get(), step, context)) return failed(Call::kWrite);
  Held output(::memfd_create("output", MFD_CLOEXEC));
  if (!output || ::fcntl(output.get(), F_SETFL, O_APPEND) != 0) return failed(Call::kMemfdCreate);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return failed(Call::kOpen);
  Held report(ends[0]);
  int pidfd = -1;
  struct clone_args arguments{};
  arguments.flags = CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  const pid_t pid = kernel::clone3(arguments);
  if (pid == 0) become_hook(step, context, state.get(), output.get(), ends[1]);
  const int error = errno;
  ::close(ends[1]);
  if (pid < 0) return failed_with(Call::kClone3, error);
  const Held process(pidfd);
  const Outcome outcome = await_hook(step, pid, pidfd, report.get());
  if (!outcome.ok()) keep_words(output.get(), context);
  return outcome;
}

}  // namespace caisson::execute
