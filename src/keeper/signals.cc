#include "keeper/signals.h"

#include <unistd.h>

namespace caisson::keeper {

sigset_t forwarded_signals() {
  sigset_t set;
  sigfillset(&set);  // glibc leaves its own two real-time signals out
  for (const int signal : {SIGCHLD, SIGPIPE, SIGURG, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGKILL, SIGSTOP}) {
    sigdelset(&set, signal);
  }
  return set;
}

sigset_t hold_signals() {
  const sigset_t set = forwarded_signals();
  sigset_t former;
  sigprocmask(SIG_BLOCK, &set, &former);
  return former;
}

Signals::Signals(Forwarding forwarding) {
  sigset_t set;
  sigemptyset(&set);
  if (forwarding == Forwarding::kOn) set = forwarded_signals();
  for (const int signal : {SIGWINCH, SIGCONT, SIGPIPE}) sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, &former_);
  fd_ = Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

Signals::~Signals() {
  while (next()) {
  }
  sigprocmask(SIG_SETMASK, &former_, nullptr);
}

std::optional<signalfd_siginfo> Signals::next() {
  signalfd_siginfo info;
  while (::read(fd_.get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo != SIGPIPE) return info;
  }
  return std::nullopt;
}

}  // namespace caisson::keeper
