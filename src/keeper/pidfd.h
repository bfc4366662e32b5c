// Processes by descriptor. glibc 2.36 has these calls, but its header forgets to say to C++ that they are C's.
#pragma once

#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/fd.h"

namespace caisson::keeper {

/// pidfd_open(2); an empty Fd, with errno, where that fails.
inline Fd open_pidfd(pid_t pid) { return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

/// pidfd_send_signal(2); false, with errno, where that fails: ESRCH if the process is gone.
inline bool send_signal(int pidfd, int signal) {
  return ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0;
}

}  // namespace caisson::keeper
