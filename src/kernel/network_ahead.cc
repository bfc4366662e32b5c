#include "kernel/network_ahead.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "kernel/syscalls.h"

namespace caisson::kernel {

namespace {

constexpr const char* kOwnNetwork = "/proc/self/ns/net";

// A system call that leaves `errno` alone, which is the other process's too. The result is negative on failure.
long call(long number, long a, long b, long c, long d) noexcept {
#if defined(__x86_64__)
  long result;
  register long fourth asm("r10") = d;
  asm volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long eighth asm("x8") = number;
  register long first asm("x0") = a;
  register long second asm("x1") = b;
  register long third asm("x2") = c;
  register long fourth asm("x3") = d;
  asm volatile("svc 0" : "+r"(first) : "r"(eighth), "r"(second), "r"(third), "r"(fourth) : "memory");
  return first;
#else
  (void)number, (void)a, (void)b, (void)c, (void)d;
  return -ENOSYS;
#endif
}

}  // namespace

struct NetworkAhead::Shared {
  long opened = -ECHILD;  // the descriptor, or what was wrong
  bool is_shared = true;
  alignas(16) std::array<std::byte, 4096> stack;

  static int make(void* shared) noexcept {
    auto& self = *static_cast<Shared*>(shared);
    const long unshared = call(SYS_unshare, CLONE_NEWNET, 0, 0, 0);
    self.opened = unshared < 0
                      ? unshared
                      : call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(kOwnNetwork), O_RDONLY | O_CLOEXEC, 0);
    return 0;
  }
};

NetworkAhead::NetworkAhead() = default;

NetworkAhead::~NetworkAhead() {
  await();
  if (shared_ && shared_->opened >= 0) ::close(static_cast<int>(shared_->opened));
}

void NetworkAhead::begin() {
  shared_ = std::make_unique<Shared>();
  maker_ = ::clone(Shared::make, shared_->stack.data() + shared_->stack.size(), CLONE_VM | CLONE_FILES, shared_.get());
  if (maker_ < 0) shared_->opened = -errno;
}

// Its end tells nobody anything by a signal, so it is no child that others could wait for by accident.
void NetworkAhead::await() {
  if (maker_ > 0) (void)retry([&] { return ::waitpid(maker_, nullptr, __WALL); });
  maker_ = -1;
}

Result<Fd> NetworkAhead::take() {
  await();
  const long opened = std::exchange(shared_->opened, -ECHILD);
  if (opened < 0) return fail({.call = "unshare", .number = static_cast<int>(-opened), .operand = "CLONE_NEWNET"});
  return Fd(static_cast<int>(opened));
}

}  // namespace caisson::kernel
