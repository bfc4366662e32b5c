// System calls that glibc 2.36 has no function for, as it would have them: -1 and errno. None allocates: a container's
// child process may use all of this file.
#pragma once

#include <linux/bpf.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdint>

namespace caisson::kernel {

int openat2(int directory, const char* path, const struct open_how& how) noexcept;  ///< openat2(2), Linux 5.6

/// clone3(2), Linux 5.3. Like fork(): returns twice. Only from a single-threaded process and never with CLONE_VM.
/// Where there is none (ENOSYS: a filter that is older than the call), clone(2), if that can say the same.
pid_t clone3(struct clone_args& arguments) noexcept;

int bpf(int command, union bpf_attr& attributes) noexcept;           ///< bpf(2); what it opens is CLOEXEC by itself
int pivot_root(const char* new_root, const char* put_old) noexcept;  ///< pivot_root(2)
int execveat(int directory, const char* path, char* const* arguments, char* const* environment, int flags) noexcept;
int pidfd_open(pid_t pid, unsigned flags) noexcept;     ///< pidfd_open(2), Linux 5.3; CLOEXEC by itself
int pidfd_send_signal(int pidfd, int signal) noexcept;  ///< pidfd_send_signal(2), Linux 5.1
long keyctl_join_session(const char* name) noexcept;    ///< keyctl(2), KEYCTL_JOIN_SESSION_KEYRING; null: a new one
int keyctl_set_permissions(long key, std::uint32_t permissions) noexcept;  ///< keyctl(2), KEYCTL_SETPERM
int capset(std::uint64_t effective, std::uint64_t permitted,
           std::uint64_t inheritable) noexcept;  ///< capset(2), version 3

/// Which processors this thread may run on (sched_setaffinity(2)): `words` of bits, of which the kernel takes as many
/// as it has processors.
int set_affinity(const unsigned long* words, std::size_t count) noexcept;

/// What the kernel calls sched_attr, as sched_setattr(2) had it first (Linux 3.14).
struct SchedulerAttributes {
  std::uint32_t size = sizeof(SchedulerAttributes);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};
int set_scheduler(SchedulerAttributes attributes) noexcept;  ///< sched_setattr(2), of this thread

int set_io_priority(int priority) noexcept;  ///< ioprio_set(2), of this thread
int set_memory_policy(unsigned mode, const unsigned long* nodes, std::size_t count) noexcept;  ///< set_mempolicy(2)

/// landlock(7), Linux 5.13. The version of what the kernel can; -1 and ENOSYS or EOPNOTSUPP where it cannot.
int landlock_version() noexcept;
int landlock_create(std::uint64_t handled_files) noexcept;  ///< a set of rules, as a descriptor that is CLOEXEC
int landlock_add(int rules, int path, std::uint64_t rights) noexcept;
int landlock_restrict_self(int rules) noexcept;

/// Sets the ids of this thread directly: glibc's functions would signal threads that a cloned child does not have.
int set_ids(uid_t uid) noexcept;
int set_group_ids(gid_t gid) noexcept;
int set_groups(const std::uint32_t* groups, std::size_t count) noexcept;

/// Repeats `call` while it is interrupted by a signal.
template <class Call>
auto retry(Call call) noexcept {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

}  // namespace caisson::kernel
