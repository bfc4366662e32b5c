// The signals a keeper passes on to its container.
#pragma once

#include <signal.h>
#include <sys/signalfd.h>

#include <optional>

#include "base/fd.h"

namespace caisson::keeper {

/// The signals that are passed on to a container, as docker's `--sig-proxy` does: all that can be caught, except those
/// that tell the keeper about itself (SIGCHLD, SIGPIPE, SIGURG), those of the caller's job control (SIGTSTP, SIGTTIN,
/// SIGTTOU, SIGCONT: `caisson run` is stopped and continued by its shell as any other job), and the two that a signal
/// handling library keeps for itself.
sigset_t forwarded_signals();

/// Blocks the forwarded signals, so that none is lost between the making of a container and its keeping. Whoever makes
/// the container's process sets the returned former mask in it: a blocked signal stays blocked across exec.
sigset_t hold_signals();

enum class Forwarding { kOff, kOn };

/// Signals as readable events: SIGWINCH and SIGCONT, with kOn the forwarded signals too. Blocks them while it lives,
/// and SIGPIPE with them, which thereby becomes an EPIPE.
class Signals {
 public:
  explicit Signals(Forwarding forwarding);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  /// Drops what has come and was not read, and puts the mask back as it was.
  ~Signals();

  int fd() const { return fd_.get(); }
  /// The next signal that has come, other than SIGPIPE.
  std::optional<signalfd_siginfo> next();

 private:
  sigset_t former_{};
  Fd fd_;
};

}  // namespace caisson::keeper
