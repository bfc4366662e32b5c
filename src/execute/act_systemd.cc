// Asking systemd: by a program that is linked with what speaks to it. Nothing here allocates.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "execute/act.h"
#include "kernel/syscalls.h"

namespace caisson::execute {

using kernel::retry;
using plan::Call;

namespace {

// A word with the null byte at its end.
bool write_word(int file, const char* text) noexcept {
  for (std::size_t left = std::strlen(text) + 1; left > 0;) {
    const ssize_t wrote = retry([&] { return ::write(file, text, left); });
    if (wrote < 0) return false;
    text += wrote;
    left -= static_cast<std::size_t>(wrote);
  }
  return true;
}

bool write_request(int file, plan::Range request, plan::Slot pid, const Context& context) noexcept {
  for (const plan::Text word : context.plan->texts(request)) {
    if (!write_word(file, context.c_str(word))) return false;
  }
  if (pid != plan::kNoSlot) {
    char number[16];
    ::snprintf(number, sizeof number, "%d", context.at(pid));
    if (!write_word(file, number)) return false;
  }
  return ::lseek(file, 0, SEEK_SET) == 0;
}

// Its environment is the caller's, which names the bus. What goes wrong before it runs is an errno after a null byte,
// which none of its own words has.
[[noreturn]] void become_program(const char* path, int request, int answer) noexcept {
  reset_signals();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  char* const arguments[] = {const_cast<char*>(path), nullptr};
  if (::dup2(request, 0) == 0 && ::dup2(answer, 1) == 1) ::execve(path, arguments, environ);
  char failure[1 + sizeof(int)] = "";
  const int error = errno;
  std::memcpy(failure + 1, &error, sizeof error);
  (void)!::write(answer, failure, sizeof failure);
  ::_exit(127);
}

// What fits is kept; all of it is read, so that the program is not held up.
std::size_t read_answer(int from, char* said, std::size_t most) noexcept {
  std::size_t length = 0;
  char rest[256];
  for (;;) {
    const bool full = length == most - 1;
    const ssize_t more =
        retry([&] { return full ? ::read(from, rest, sizeof rest) : ::read(from, said + length, most - 1 - length); });
    if (more <= 0) break;
    if (!full) length += static_cast<std::size_t>(more);
  }
  said[length] = '\0';
  return length;
}

Outcome await_program(pid_t pid, int answer, Context& context) noexcept {
  const std::size_t length = read_answer(answer, context.said, sizeof context.said);
  int status = 0;
  if (retry([&] { return ::waitpid(pid, &status, 0); }) != pid) return failed(Call::kWait);
  int error = 0;
  if (length == 1 + sizeof error && context.said[0] == '\0') {
    std::memcpy(&error, context.said + 1, sizeof error);
    return failed_with(Call::kExecve, error);
  }
  if (status != 0) return failed_with(Call::kSystemd, 0);
  context.said[0] = '\0';
  return done();
}

}  // namespace

Outcome ask_systemd(const plan::AskSystemd& step, plan::Range request, plan::Slot pid, Context& context) noexcept {
  Held words(::memfd_create("request", MFD_CLOEXEC));
  if (!words) return failed(Call::kMemfdCreate);
  if (!write_request(words.get(), request, pid, context)) return failed(Call::kWrite);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return failed(Call::kOpen);
  Held answer(ends[0]);
  struct clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  const pid_t process = kernel::clone3(arguments);
  if (process == 0) become_program(context.c_str(step.program), words.get(), ends[1]);
  const int error = errno;
  ::close(ends[1]);
  if (process < 0) return failed_with(Call::kClone3, error);
  return await_program(process, answer.get(), context);
}

Outcome act(const plan::AskSystemd& step, Context& context) noexcept {
  return ask_systemd(step, step.request, step.pid, context);
}

}  // namespace caisson::execute
