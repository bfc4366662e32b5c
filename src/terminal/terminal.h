// The caller's terminal.
#pragma once

#include <sys/ioctl.h>
#include <termios.h>

#include "base/result.h"

namespace caisson::terminal {

/// A terminal in raw mode (cfmakeraw(3)), for as long as this lives: every byte goes to the container, whose own
/// terminal does the editing, the echo and the signals.
class [[nodiscard]] RawMode {
 public:
  /// Switches `fd` over; the descriptor is borrowed. In the background this stops the process (SIGTTOU), as any other
  /// program that wants the terminal, until its shell brings it to the front. Errors: ENOTTY if it is no terminal.
  static Result<RawMode> enter(int fd);

  RawMode(RawMode&& other) noexcept : fd_(std::exchange(other.fd_, -1)), former_(other.former_) {}
  RawMode& operator=(RawMode&&) = delete;
  ~RawMode() { leave(); }

  /// Raw mode again: after SIGCONT, since a shell sets the terminal as it likes it while a job is stopped.
  void enter_again() const;

  /// Puts the terminal back as it was before. Left alone in the background, where the terminal is somebody else's.
  void leave();

 private:
  RawMode(int fd, const termios& former) : fd_(fd), former_(former) {}
  static Result<> set_raw(int fd, termios settings);

  int fd_ = -1;
  termios former_{};
};

/// The size of the terminal `fd`. Errors: ENOTTY.
Result<winsize> window_size(int fd);

/// Gives the terminal `fd` (or that of the master `fd`) this size; who runs in it hears of it by SIGWINCH if it
/// changes.
Result<> set_window_size(int fd, const winsize& size);

}  // namespace caisson::terminal
