#include "network/visitor.h"

#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/fd.h"
#include "kernel/files.h"
#include "kernel/processes.h"
#include "kernel/syscalls.h"

namespace caisson::network {

namespace {

// Stays until it is killed, with no privilege that could keep others from looking into it. An errno, if it cannot.
int visit(int network_namespace, const Fd& users, int told) {
  if (users && ::setns(users.get(), CLONE_NEWUSER) != 0) return errno;
  if (::setns(network_namespace, CLONE_NEWNET) != 0) return errno;
  // Whoever is in the user namespace already may look into it, too: nothing of the caller's is open in it.
  ::dup2(told, 0);
  ::close_range(1, ~0U, 0);
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) return errno;
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
  if (::write(0, "", 1) != 1) return errno;
  for (;;) ::pause();
}

}  // namespace

Result<Visitor> Visitor::enter(int network_namespace) {
  Fd users(::ioctl(network_namespace, NS_GET_USERNS));
  if (!users) return fail(os_error("ioctl", "the user namespace of a network namespace"));
  struct stat found{};
  struct stat own{};
  if (::fstat(users.get(), &found) != 0 || ::stat("/proc/self/ns/user", &own) != 0)
    return fail(os_error("stat", "/proc/self/ns/user"));
  const bool callers_users = found.st_ino == own.st_ino;
  if (callers_users) users = Fd();  // nobody enters the one it is in
  kernel::Pipe pipe = TRY(kernel::make_pipe());
  const pid_t pid = ::fork();
  if (pid < 0) return fail(os_error("fork", "a process in the container's network namespace"));
  if (pid == 0) {
    const int number = visit(network_namespace, users, pipe.write.get());
    ::_exit(number);
  }
  pipe.write = Fd();
  Visitor visitor(Inside{.pid = pid, .callers_users = callers_users});
  char byte = 0;
  if (kernel::retry([&] { return ::read(pipe.read.get(), &byte, 1); }) == 1) return visitor;
  const int status = kernel::wait_for(std::exchange(visitor.inside_.pid, 0)).value_or(0);
  return fail(Error{.call = "setns", .number = WEXITSTATUS(status), .operand = "the container's network namespace"});
}

Visitor::~Visitor() {
  if (inside_.pid == 0) return;
  ::kill(inside_.pid, SIGKILL);
  (void)kernel::wait_for(inside_.pid);
}

}  // namespace caisson::network
