#include "kernel/syscalls.h"

#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace caisson::kernel {

int openat2(int directory, const char* path, const struct open_how& how) noexcept {
  return static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how));
}

pid_t clone3(struct clone_args& arguments) noexcept {
  const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  // clone(2) has 32 bits of flags, the lowest eight for the signal.
  const bool sayable = (arguments.flags >> 32) == 0 && (arguments.flags & CSIGNAL) == 0;
  if (pid >= 0 || errno != ENOSYS || !sayable) return static_cast<pid_t>(pid);
  return static_cast<pid_t>(
      ::syscall(SYS_clone, arguments.flags | arguments.exit_signal, nullptr, arguments.pidfd, nullptr, nullptr));
}

int bpf(int command, union bpf_attr& attributes) noexcept {
  return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

int pivot_root(const char* new_root, const char* put_old) noexcept {
  return static_cast<int>(::syscall(SYS_pivot_root, new_root, put_old));
}

int execveat(int directory, const char* path, char* const* arguments, char* const* environment, int flags) noexcept {
  return static_cast<int>(::syscall(SYS_execveat, directory, path, arguments, environment, flags));
}

int pidfd_open(pid_t pid, unsigned flags) noexcept { return static_cast<int>(::syscall(SYS_pidfd_open, pid, flags)); }

int pidfd_send_signal(int pidfd, int signal) noexcept {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

long keyctl_join_session(const char* name) noexcept { return ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name); }

int keyctl_set_permissions(long key, std::uint32_t permissions) noexcept {
  return static_cast<int>(::syscall(SYS_keyctl, KEYCTL_SETPERM, key, permissions));
}

int set_affinity(const unsigned long* words, std::size_t count) noexcept {
  return static_cast<int>(::syscall(SYS_sched_setaffinity, 0, count * sizeof *words, words));
}

int set_scheduler(SchedulerAttributes attributes) noexcept {
  return static_cast<int>(::syscall(SYS_sched_setattr, 0, &attributes, 0));
}

int set_io_priority(int priority) noexcept {
  return static_cast<int>(::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, priority));
}

// The kernel takes one bit less than it is told of (set_mempolicy(2), BUGS of the first versions that stayed).
int set_memory_policy(unsigned mode, const unsigned long* nodes, std::size_t count) noexcept {
  const std::size_t bits = count * sizeof *nodes * 8;
  return static_cast<int>(::syscall(SYS_set_mempolicy, mode, count == 0 ? nullptr : nodes, count == 0 ? 0 : bits + 1));
}

int landlock_version() noexcept {
  return static_cast<int>(::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
}

int landlock_create(std::uint64_t handled_files) noexcept {
  // The first member alone: what a kernel does not know of it is not told.
  return static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled_files, sizeof handled_files, 0));
}

int landlock_add(int rules, int path, std::uint64_t rights) noexcept {
  struct landlock_path_beneath_attr attributes{};
  attributes.allowed_access = rights;
  attributes.parent_fd = path;
  return static_cast<int>(::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &attributes, 0));
}

int landlock_restrict_self(int rules) noexcept {
  return static_cast<int>(::syscall(SYS_landlock_restrict_self, rules, 0));
}

int capset(std::uint64_t effective, std::uint64_t permitted, std::uint64_t inheritable) noexcept {
  struct __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  for (int half = 0; half < 2; ++half) {
    data[half].effective = static_cast<std::uint32_t>(effective >> (32 * half));
    data[half].permitted = static_cast<std::uint32_t>(permitted >> (32 * half));
    data[half].inheritable = static_cast<std::uint32_t>(inheritable >> (32 * half));
  }
  return static_cast<int>(::syscall(SYS_capset, &header, data));
}

int set_ids(uid_t uid) noexcept { return static_cast<int>(::syscall(SYS_setresuid, uid, uid, uid)); }
int set_group_ids(gid_t gid) noexcept { return static_cast<int>(::syscall(SYS_setresgid, gid, gid, gid)); }
int set_groups(const std::uint32_t* groups, std::size_t count) noexcept {
  return static_cast<int>(::syscall(SYS_setgroups, count, groups));
}

}  // namespace caisson::kernel
