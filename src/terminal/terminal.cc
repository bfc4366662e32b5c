#include "terminal/terminal.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

namespace caisson::terminal {

namespace {

Error of_descriptor(std::string_view call, int fd) { return os_error(call, fmt::format("{}", fd)); }

}  // namespace

Result<RawMode> RawMode::enter(int fd) {
  termios former{};
  if (::tcgetattr(fd, &former) != 0) return fail(of_descriptor("tcgetattr", fd));
  TRY(set_raw(fd, former));
  return RawMode(fd, former);
}

// TCSADRAIN: what was typed ahead is the container's, and must not be dropped.
Result<> RawMode::set_raw(int fd, termios settings) {
  ::cfmakeraw(&settings);
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  while (::tcsetattr(fd, TCSADRAIN, &settings) != 0) {
    if (errno != EINTR) return fail(of_descriptor("tcsetattr", fd));
  }
  return {};
}

void RawMode::enter_again() const {
  if (fd_ >= 0) (void)set_raw(fd_, former_);
}

void RawMode::leave() {
  const int fd = std::exchange(fd_, -1);
  if (fd < 0) return;
  const pid_t foreground = ::tcgetpgrp(fd);
  if (foreground >= 0 && foreground != ::getpgrp()) return;
  (void)::tcsetattr(fd, TCSADRAIN, &former_);
}

Result<winsize> window_size(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0) return fail(of_descriptor("ioctl TIOCGWINSZ", fd));
  return size;
}

Result<> set_window_size(int fd, const winsize& size) {
  if (::ioctl(fd, TIOCSWINSZ, &size) != 0) return fail(of_descriptor("ioctl TIOCSWINSZ", fd));
  return {};
}

}  // namespace caisson::terminal
