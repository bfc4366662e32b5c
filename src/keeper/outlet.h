// Bytes on their way into a descriptor that may be full.
#pragma once

#include <cstddef>
#include <span>

namespace caisson::keeper {

/// Writes what it is given as far as the descriptor takes it, and never waits for it. The descriptor may be shared with
/// others (the caller's standard output), so that it is not switched to O_NONBLOCK, but asked (poll) before each write.
class Outlet {
 public:
  Outlet() = default;
  explicit Outlet(int fd) : fd_(fd) {}

  /// Takes `bytes`, which must stay where they are while pending(). What was pending before must be gone.
  void offer(std::span<const char> bytes);
  /// Goes on writing; for when poll says that the descriptor has room.
  void push();
  /// Gives up on the descriptor (which stays open: it is the owner's) and on what is pending.
  void abandon();

  bool pending() const { return !rest_.empty(); }
  /// True once the other end is gone; everything offered from then on is dropped.
  bool broken() const { return fd_ < 0; }
  int fd() const { return fd_; }
  /// Why it is broken, if that is more than that nobody reads any more: the errno of write(2) (ENOSPC, EIO, …).
  int error() const { return error_; }

 private:
  int fd_ = -1;
  int error_ = 0;
  std::span<const char> rest_;
};

}  // namespace caisson::keeper
