#include "oci/foreground.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "kernel/files.h"
#include "kernel/syscalls.h"
#include "terminal/terminal.h"

namespace caisson::oci {

namespace {

using kernel::retry;

sigset_t held_signals() {
  sigset_t all;
  ::sigfillset(&all);
  for (const int signal : {SIGURG, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS})
    ::sigdelset(&all, signal);
  return all;
}

int exit_status(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

// The exit status of `pid`, once it has one.
std::optional<int> reap(pid_t pid, Reap which) {
  int status = 0;
  for (;;) {
    const pid_t ended = ::waitpid(which == Reap::kAll ? -1 : pid, &status, WNOHANG);
    if (ended <= 0) return std::nullopt;
    if (ended == pid) return exit_status(status);
  }
}

// Copies what there is from one descriptor to another; false at the end of either.
bool copy_some(int from, int to) {
  std::array<char, 16384> buffer;
  const ssize_t got = retry([&] { return ::read(from, buffer.data(), buffer.size()); });
  if (got <= 0) return got < 0 && errno == EAGAIN;
  return static_cast<bool>(kernel::write_all(to, {buffer.data(), static_cast<std::size_t>(got)}, "terminal"));
}

// Ends of lines come as the program wrote them (Console::adds_returns), and raw mode does nothing about them: the
// user's terminal adds the carriage returns, as runc has it.
void add_returns(int terminal) {
  struct termios settings{};
  if (::tcgetattr(terminal, &settings) != 0) return;
  settings.c_oflag |= OPOST | ONLCR;
  ::tcsetattr(terminal, TCSANOW, &settings);
}

// The user's terminal on one side, the container's on the other.
class Proxy {
 public:
  Proxy(pid_t pid, Fd terminal, Reap which) : pid_(pid), terminal_(std::move(terminal)), which_(which) {}

  Result<int> run() {
    const sigset_t held = held_signals();
    signals_ = Fd(::signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) return fail(os_error("signalfd", ""));
    user_ = own_terminal();
    if (user_) {
      follow_size();
      if (Result<terminal::RawMode> raw = terminal::RawMode::enter(user_.get())) raw_.emplace(std::move(*raw));
      add_returns(user_.get());
    }
    while (!ended_ || shows_) TRY(step());
    return *ended_;
  }

 private:
  void follow_size() {
    if (const auto size = terminal::window_size(user_.get())) (void)terminal::set_window_size(terminal_.get(), *size);
  }

  Result<> step() {
    std::array<pollfd, 3> places = {pollfd{signals_.get(), POLLIN, 0}, pollfd{shows_ ? terminal_.get() : -1, POLLIN, 0},
                                    pollfd{listens_ && !ended_ ? 0 : -1, POLLIN, 0}};
    // When it has ended, what it wrote before is shown; what is still open holds nothing up.
    const int ready = retry([&] { return ::poll(places.data(), places.size(), ended_ ? 0 : -1); });
    if (ready < 0) return fail(os_error("poll", ""));
    if (ready == 0) shows_ = false;
    if (places[0].revents != 0) take_signals();
    if (places[1].revents != 0) shows_ = copy_some(terminal_.get(), 1);
    if (places[2].revents != 0) listens_ = copy_some(0, terminal_.get());
    return {};
  }

  void take_signals() {
    signalfd_siginfo signal{};
    while (::read(signals_.get(), &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal)) {
      const int number = static_cast<int>(signal.ssi_signo);
      if (number == SIGCHLD) {
        if (!ended_) ended_ = reap(pid_, which_);
      } else if (number == SIGWINCH) {
        if (user_) follow_size();
      } else if (!ended_ && number != SIGPIPE) {
        ::kill(pid_, number);
      }
    }
  }

  pid_t pid_;
  Fd terminal_;
  Reap which_;
  Fd signals_;
  Fd user_;
  std::optional<terminal::RawMode> raw_;
  std::optional<int> ended_;
  bool shows_ = true;
  bool listens_ = true;
};

}  // namespace

void hold_signals() {
  const sigset_t held = held_signals();
  ::sigprocmask(SIG_BLOCK, &held, nullptr);
}

Fd own_terminal() {
  if (::isatty(0) == 1) {
    if (Result<Fd> copy = kernel::duplicate(0)) return std::move(*copy);
  }
  return kernel::open_file("/dev/tty", O_RDWR | O_NOCTTY).value_or(Fd());
}

Result<int> await_end(pid_t pid, Fd terminal, Reap which) {
  if (which == Reap::kAll) ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  if (terminal) return Proxy(pid, std::move(terminal), which).run();
  const sigset_t held = held_signals();
  for (;;) {
    // Looked first: its SIGCHLD may have come with another's.
    if (const auto status = reap(pid, which)) return *status;
    const int number = retry([&] { return ::sigwaitinfo(&held, nullptr); });
    if (number != SIGCHLD && number != SIGPIPE && number > 0) ::kill(pid, number);
  }
}

}  // namespace caisson::oci
