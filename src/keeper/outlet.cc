#include "keeper/outlet.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace caisson::keeper {

namespace {

// A pipe that poll(2) calls writable has room for one page: a write of no more than that does not wait (pipe(7)).
constexpr std::size_t kNeverWaits = 4096;

bool has_room(int fd) {
  pollfd watched{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&watched, 1, 0) == 1;
}

}  // namespace

void Outlet::offer(std::span<const char> bytes) {
  if (broken()) return;
  rest_ = bytes;
  push();
}

void Outlet::push() {
  while (pending() && has_room(fd_)) {
    const ssize_t written = ::write(fd_, rest_.data(), std::min(rest_.size(), kNeverWaits));
    if (written >= 0) {
      rest_ = rest_.last(rest_.size() - static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR) {
      if (errno != EPIPE) error_ = errno;
      abandon();
    }
  }
}

void Outlet::abandon() {
  fd_ = -1;
  rest_ = {};
}

}  // namespace caisson::keeper
