// A pod's placeholder: the process of its infra container, which holds the namespaces that the pod's containers share.
//
// usage: pause
//
// Waits. SIGTERM and SIGINT end it, with exit status 0. As PID 1 of a PID namespace that the pod's containers share, it
// reaps whatever their processes leave behind.
//
// There is one for each pod, so it is counted in pages: it is made without a C library, from four system calls.
#include <asm/unistd.h>
#include <linux/signal.h>
#include <stddef.h>

namespace caisson {
namespace {

#if defined(__x86_64__)
long call(long number, long a, long b, long c, long d) {
  long result = number;
  register long fourth asm("r10") = d;
  asm volatile("syscall" : "+a"(result) : "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
long call(long number, long a, long b, long c, long d) {
  register long system_call asm("x8") = number;
  register long first asm("x0") = a;
  register long second asm("x1") = b;
  register long third asm("x2") = c;
  register long fourth asm("x3") = d;
  asm volatile("svc 0" : "+r"(first) : "r"(system_call), "r"(second), "r"(third), "r"(fourth) : "memory");
  return first;
}
#else
#error "pause knows the system calls of x86-64 and of 64-bit ARM alone"
#endif

constexpr unsigned long bit(int signal) { return 1UL << (signal - 1); }
constexpr size_t kSetBytes = 8;  // of a set of signals, as the kernel has it
constexpr long kNoHang = 1;      // WNOHANG

[[noreturn]] __attribute__((noinline)) void run() {
  // Inherited as ignored, SIGCHLD would have the kernel reap; the default is to tell of each.
  const struct sigaction usual{};
  call(__NR_rt_sigaction, SIGCHLD, reinterpret_cast<long>(&usual), 0, kSetBytes);
  const unsigned long heard = bit(SIGTERM) | bit(SIGINT) | bit(SIGCHLD);
  call(__NR_rt_sigprocmask, SIG_BLOCK, reinterpret_cast<long>(&heard), 0, kSetBytes);
  for (;;) {
    const long signal = call(__NR_rt_sigtimedwait, reinterpret_cast<long>(&heard), 0, 0, kSetBytes);
    if (signal == SIGTERM || signal == SIGINT) call(__NR_exit_group, 0, 0, 0, 0);
    while (call(__NR_wait4, -1, 0, kNoHang, 0) > 0) {
    }
  }
}

}  // namespace
}  // namespace caisson

// Nobody calls this: the stack is not as a function expects it.
#if defined(__x86_64__)
#define CAISSON_ENTRY __attribute__((force_align_arg_pointer))
#else
#define CAISSON_ENTRY
#endif
extern "C" [[noreturn]] CAISSON_ENTRY void _start() { caisson::run(); }
