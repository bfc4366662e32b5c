#include "network/entrance.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "kernel/files.h"

namespace caisson::network {

namespace {

// What entering a network namespace, setting it up and a sandbox of the program's own take.
constexpr std::array kPrivileges = {CAP_SYS_ADMIN, CAP_NET_ADMIN, CAP_SETPCAP, CAP_SETUID, CAP_SETGID};

// The path that AppArmor's profile knows is below the first of these; the other is for hosts that have none.
constexpr std::array kCovered = {"/run/user", "/dev/shm"};

std::string covered() { return kCovered[::access(kCovered[0], F_OK) == 0 ? 0 : 1]; }

// Who has no id in this user namespace becomes its root: the program could not even keep to its own ids.
Result<> have_ids() {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  const bool has_group = ::setresgid(gid, gid, gid) == 0;
  if (!has_group && ::setresgid(0, 0, 0) != 0) return fail(os_error("setresgid", "a user namespace"));
  const bool has_user = ::setresuid(uid, uid, uid) == 0;
  if (!has_user && ::setresuid(0, 0, 0) != 0) return fail(os_error("setresuid", "a user namespace"));
  return {};
}

// Without these an id that is not root's there would lose its privileges at execve(2) (capabilities(7)).
Result<> keep_privileges() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return fail(os_error("capget", "a user namespace"));
  for (__user_cap_data_struct& set : sets) set.inheritable = set.permitted;
  if (::syscall(SYS_capset, &header, sets.data()) != 0) return fail(os_error("capset", "a user namespace"));
  for (const int privilege : kPrivileges) {
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, privilege, 0, 0) != 0)
      return fail(os_error("prctl", "an ambient capability"));
  }
  return {};
}

Result<> mount(const char* source, const std::string& target, const char* type, unsigned long flags) {
  if (::mount(source, target.c_str(), type, flags, nullptr) == 0) return {};
  return fail(os_error("mount", target));
}

}  // namespace

Result<Fd> users_of(int network_namespace) {
  Fd users(::ioctl(network_namespace, NS_GET_USERNS));
  if (!users) return fail(os_error("ioctl", "the user namespace of a network namespace"));
  struct stat found{};
  struct stat own{};
  if (::fstat(users.get(), &found) != 0 || ::stat("/proc/self/ns/user", &own) != 0)
    return fail(os_error("stat", "/proc/self/ns/user"));
  if (found.st_ino == own.st_ino) return Fd();  // nobody enters the one it is in
  return users;
}

std::string unseen_path(const std::string& name) { return fmt::format("{}/0/netns/{}", covered(), name); }

Result<> Entrance::enter() const {
  if (users >= 0 && ::setns(users, CLONE_NEWUSER) != 0)
    return fail(os_error("setns", "the container's user namespace"));
  TRY(have_ids());
  TRY(keep_privileges());
  if (::unshare(CLONE_NEWNS) != 0) return fail(os_error("unshare", "a mount namespace"));
  TRY(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE));
  TRY(mount("tmpfs", covered(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC));
  TRY(kernel::make_directories(path.substr(0, path.rfind('/'))));
  TRY(kernel::write_new_file(path, ""));
  return mount(fmt::format("/proc/self/fd/{}", network_namespace).c_str(), path, nullptr, MS_BIND);
}

}  // namespace caisson::network
