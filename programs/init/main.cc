// A small init: PID 1 of a container that was asked for with `--init`, for commands that are not made to be one.
//
// usage: init [--] COMMAND [ARGUMENT …]
//
// Runs COMMAND as its child, passes every signal on to it, reaps all orphans, and ends with it: with its exit status,
// or 128 + the signal that ended it; 127 if it was not found, 126 if it cannot be executed. With a terminal as standard
// input COMMAND gets a process group of its own in the foreground, so that Ctrl-C and job control work in it.
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>

namespace caisson {
namespace {

constexpr int kCannotExecute = 126;
constexpr int kNotFound = 127;
constexpr int kWrongUsage = 125;

void say(const char* what, const char* why) {
  const auto piece = [](const char* text) {
    return iovec{.iov_base = const_cast<char*>(text), .iov_len = strlen(text)};
  };
  const iovec line[] = {piece("caisson init: "), piece(what), piece(": "), piece(why), piece("\n")};
  (void)!::writev(STDERR_FILENO, line, 5);
}

// All signals but those that the kernel sends for a fault of this process itself: blocked, those would be lost.
sigset_t waited_for() {
  sigset_t set;
  sigfillset(&set);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) sigdelset(&set, fault);
  return set;
}

[[noreturn]] void become(char** command, const sigset_t& mask) {
  ::setpgid(0, 0);
  // Without a terminal this fails, and nothing is lost. SIGTTOU, which it raises in a background group, is blocked.
  (void)::tcsetpgrp(STDIN_FILENO, ::getpgrp());
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::execvp(command[0], command);
  const int error = errno;
  say(command[0], strerrordesc_np(error));
  ::_exit(error == ENOENT ? kNotFound : kCannotExecute);
}

// Reaps whatever has ended; true with the exit code of `child` once that is among it.
bool reap(pid_t child, int& code) {
  bool ended = false;
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid != child) continue;
    ended = true;
    code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return ended;
}

int run(char** command) {
  if (*command != nullptr && strcmp(*command, "--") == 0) ++command;
  if (*command == nullptr) {
    say("usage", "init [--] COMMAND [ARGUMENT ...]");
    return kWrongUsage;
  }
  // Not as PID 1 (`--pid host`): then orphans come here only if this process asks for them.
  if (::getpid() != 1) ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);

  ::signal(SIGCHLD, SIG_DFL);  // inherited as ignored, it would have the kernel reap, and keep the status to itself
  const sigset_t all = waited_for();
  sigset_t former;
  ::sigprocmask(SIG_BLOCK, &all, &former);
  const pid_t child = ::fork();
  if (child < 0) {
    say("fork", strerrordesc_np(errno));
    return kCannotExecute;
  }
  if (child == 0) become(command, former);

  for (int code = 0;;) {
    const int signal = ::sigwaitinfo(&all, nullptr);
    if (signal == SIGCHLD) {
      if (reap(child, code)) return code;
    } else if (signal > 0) {
      ::kill(child, signal);
    }
  }
}

}  // namespace
}  // namespace caisson

int main(int argc, char** argv) {
  static_cast<void>(argc);
  return caisson::run(argv + 1);
}
