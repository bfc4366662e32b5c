// A file descriptor that owns itself.
#pragma once

#include <utility>

namespace caisson {

/// Closes its descriptor when it goes; moves, never copies. A temporary cannot be borrowed from.
class [[nodiscard]] Fd {
 public:
  Fd() noexcept = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();

  int get() const& noexcept { return fd_; }
  int get() && = delete;
  int release() && noexcept { return std::exchange(fd_, -1); }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace caisson
