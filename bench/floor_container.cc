#include "floor_container.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "floor_report.h"

namespace caisson::bench {
namespace {

bool join(const Cgroups& cgroups) {
  for (const Hierarchy& hierarchy : cgroups.all())
    if (!hierarchy.is_v2 && !done(write(hierarchy.tasks, "0", 1), "write tasks", hierarchy.name.data())) return false;
  return true;
}

bool join_new(const Cgroups& cgroups) {
  if (!join(cgroups)) return false;
  // With v2 alone the cgroup namespace came with the clone; here it must be made after the last cgroup was joined.
  return !cgroups.has_v1() || done(unshare(CLONE_NEWCGROUP), "unshare", "CLONE_NEWCGROUP");
}

bool mount_on(const char* source, const char* target, const char* type, unsigned long flags, const char* options) {
  return done(mount(source, target, type, flags, options), "mount", target);
}

bool mount_file_systems(const char* rootfs) {
  constexpr unsigned long kSafe = MS_NOSUID | MS_NOEXEC | MS_NODEV;
  return done(mount("", "/", nullptr, MS_REC | MS_SLAVE, nullptr), "mount", "/") &&
         done(mount(rootfs, rootfs, nullptr, MS_BIND | MS_REC, nullptr), "mount", rootfs) &&
         done(chdir(rootfs), "chdir", rootfs) &&  //
         mount_on("proc", "proc", "proc", 0, nullptr) &&
         mount_on("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k") &&
         done(mkdir("dev/pts", 0755), "mkdir", "dev/pts") &&
         mount_on("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5") &&
         done(mkdir("dev/shm", 0755), "mkdir", "dev/shm") &&
         mount_on("shm", "dev/shm", "tmpfs", kSafe, "mode=1777,size=65536k") &&
         done(mkdir("dev/mqueue", 0755), "mkdir", "dev/mqueue") &&
         mount_on("mqueue", "dev/mqueue", "mqueue", kSafe, nullptr) &&
         mount_on("sysfs", "sys", "sysfs", kSafe | MS_RDONLY, nullptr);
}

bool mount_cgroups(const Cgroups& cgroups) {
  constexpr unsigned long kSafe = MS_NOSUID | MS_NOEXEC | MS_NODEV;
  constexpr unsigned long kReadOnly = kSafe | MS_RELATIME | MS_RDONLY;
  if (!cgroups.has_v1()) return mount_on("cgroup", "sys/fs/cgroup", "cgroup2", kReadOnly, nullptr);
  if (!mount_on("tmpfs", "sys/fs/cgroup", "tmpfs", kSafe, "mode=755")) return false;
  // Seen from inside the cgroup namespace a bind of the cgroup is the same as a mount made there, and costs no more;
  // and it needs no knowledge of how a hierarchy is called in mount options.
  for (const Hierarchy& hierarchy : cgroups.all()) {
    if (hierarchy.is_v2) continue;  // the default config shows a container the v1 hierarchies alone
    const char* name = hierarchy.name.data();
    const Text target("sys/fs/cgroup/%s", name);
    const Text source("/sys/fs/cgroup/%s/%s", name, cgroups.own());
    if (!done(mkdir(target.text(), 0755), "mkdir", target.text()) ||
        !mount_on(source.text(), target.text(), nullptr, MS_BIND, nullptr) ||
        !mount_on("", target.text(), nullptr, MS_BIND | MS_REMOUNT | kReadOnly, nullptr))
      return false;
  }
  return done(chmod("sys/fs/cgroup", 0555), "chmod", "sys/fs/cgroup");
}

bool make_devices() {
  struct Device {
    const char* path;
    unsigned major, minor;
  };
  constexpr Device kDevices[] = {{"dev/null", 1, 3}, {"dev/zero", 1, 5},   {"dev/full", 1, 7},
                                 {"dev/tty", 5, 0},  {"dev/random", 1, 8}, {"dev/urandom", 1, 9}};
  struct Link {
    const char *target, *path;
  };
  constexpr Link kLinks[] = {{"/proc/self/fd", "dev/fd"},
                             {"/proc/self/fd/0", "dev/stdin"},
                             {"/proc/self/fd/1", "dev/stdout"},
                             {"/proc/self/fd/2", "dev/stderr"},
                             {"pts/ptmx", "dev/ptmx"}};
  umask(0);
  for (const Device& device : kDevices)
    if (!done(mknod(device.path, S_IFCHR | 0666, makedev(device.major, device.minor)), "mknod", device.path))
      return false;
  umask(022);
  for (const Link& link : kLinks)
    if (!done(symlink(link.target, link.path), "symlink", link.path)) return false;
  const bool has_kcore = access("/proc/kcore", F_OK) == 0;
  return !has_kcore || done(symlink("/proc/kcore", "dev/core"), "symlink", "dev/core");
}

/// From here on the old root is gone (pivot_root(2), NOTES: pivot_root(".", ".")).
bool pivot(const char* rootfs) {
  return done(syscall(SYS_pivot_root, ".", "."), "pivot_root", rootfs) &&
         done(umount2(".", MNT_DETACH), "umount2", "the old root") && done(chdir("/"), "chdir", "/") &&
         done(mount("", "/", nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), "mount", "/");
}

bool make_read_only(const char* path) {
  if (mount(path, path, nullptr, MS_BIND | MS_REC, nullptr) < 0) return errno == ENOENT || done(-1, "mount", path);
  return done(mount("", path, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), "mount", path);
}

/// A file is hidden by /dev/null, a directory by an empty tmpfs; the kernel says which it is.
bool mask(const char* path) {
  if (mount("/dev/null", path, nullptr, MS_BIND, nullptr) == 0 || errno == ENOENT) return true;
  if (errno != ENOTDIR) return done(-1, "mount", path);
  return mount_on("tmpfs", path, "tmpfs", MS_RDONLY, nullptr);
}

bool protect_paths() {
  constexpr const char* kReadOnly[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  constexpr const char* kMasked[] = {
      "/proc/acpi",       "/proc/asound",      "/proc/kcore",       "/proc/keys",    "/proc/latency_stats",
      "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"};
  for (const char* path : kReadOnly)
    if (!make_read_only(path)) return false;
  for (const char* path : kMasked)
    if (!mask(path)) return false;
  return true;
}

bool bring_up_loopback() {
  const int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (!done(socket_fd, "socket", "AF_INET")) return false;
  ifreq request{};
  memcpy(request.ifr_name, "lo", 3);
  request.ifr_flags = IFF_UP;
  const bool is_up = done(ioctl(socket_fd, SIOCSIFFLAGS, &request), "ioctl", "SIOCSIFFLAGS lo");
  close(socket_fd);
  return is_up;
}

/// A session keyring of its own, so that the caller's keys stay with the caller.
bool join_keyring() {
  // keyctl_setperm(3): the possessor may do everything, processes of the same user may view, read, search and link.
  constexpr long kPermissions = 0x3f1b0000;
  const long keyring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "_ses.floor");
  return done(keyring, "keyctl", "KEYCTL_JOIN_SESSION_KEYRING") &&
         done(syscall(SYS_keyctl, KEYCTL_SETPERM, keyring, kPermissions), "keyctl", "KEYCTL_SETPERM");
}

bool set_up_host() { return bring_up_loopback() && done(sethostname("runc", 4), "sethostname", "runc"); }

bool set_limits() {
  const rlimit files{.rlim_cur = 1024, .rlim_max = 1024};
  return done(setrlimit(RLIMIT_NOFILE, &files), "setrlimit", "RLIMIT_NOFILE") &&
         done(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl", "PR_SET_NO_NEW_PRIVS");
}

bool drop_capabilities() {
  constexpr std::uint32_t kKept = 1U << CAP_AUDIT_WRITE | 1U << CAP_KILL | 1U << CAP_NET_BIND_SERVICE;
  for (int capability = 0; capability < 64; ++capability) {
    if (capability < 32 && (kKept >> capability & 1U) != 0) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) break;  // past the last one that the kernel knows
    return done(-1, "prctl", "PR_CAPBSET_DROP");
  }
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const std::array<__user_cap_data_struct, 2> sets{{{.effective = kKept, .permitted = kKept, .inheritable = 0}, {}}};
  return done(setgroups(0, nullptr), "setgroups") &&
         done(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl", "PR_CAP_AMBIENT_CLEAR_ALL") &&
         done(syscall(SYS_capset, &header, sets.data()), "capset");
}

void exec(char** command) {
  constexpr std::string_view kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char term[] = "TERM=xterm";
  char home[] = "HOME=/";
  char* const environment[] = {path, term, home, nullptr};
  if (strchr(command[0], '/') != nullptr) {
    execve(command[0], command, environment);
  } else {
    for (std::size_t begin = 0; begin < kPath.size();) {
      const std::string_view directory = kPath.substr(begin, kPath.find(':', begin) - begin);
      const Text file("%.*s/%s", static_cast<int>(directory.size()), directory.data(), command[0]);
      execve(file.text(), command, environment);
      if (errno != ENOENT && errno != ENOTDIR) break;
      begin += directory.size() + 1;
    }
  }
  done(-1, "execve", command[0]);
}

/// As runc and crun load a filter whose config has no flags: without switching off speculative stores.
bool load(const sock_fprog& filter) {
  return done(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &filter), "seccomp");
}

bool enter_namespaces(int container) {
  constexpr int kAll = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  return done(setns(container, kAll), "setns", "the container's namespaces") && done(chdir("/"), "chdir", "/");
}

/// The work of the child, part by part, each with the name that --timings shows.
struct Part {
  const char* name;
  bool (*run)(const Container&);
};

constexpr Part kParts[] = {
    {"join the cgroups", [](const Container& container) { return join_new(container.cgroups); }},
    {"session and keyring", [](const Container&) { return done(setsid(), "setsid") && join_keyring(); }},
    {"mount root, proc, dev, pts, shm, mqueue, sys",
     [](const Container& container) { return mount_file_systems(container.rootfs); }},
    {"mount the cgroups", [](const Container& container) { return mount_cgroups(container.cgroups); }},
    {"6 devices, 5 links", [](const Container&) { return make_devices(); }},
    {"pivot_root, old root off, root read-only", [](const Container& container) { return pivot(container.rootfs); }},
    {"15 masked and read-only paths", [](const Container&) { return protect_paths(); }},
    {"loopback, hostname, limit, no new privileges", [](const Container&) { return set_up_host() && set_limits(); }},
    {"drop capabilities", [](const Container&) { return drop_capabilities(); }},
};

constexpr Part kPartsOfJoining[] = {
    {"join the cgroups", [](const Container& container) { return join(container.cgroups); }},
    {"enter the namespaces", [](const Container& container) { return enter_namespaces(container.joined); }},
    {"session and keyring", [](const Container&) { return done(setsid(), "setsid") && join_keyring(); }},
    {"limit, no new privileges", [](const Container&) { return set_limits(); }},
    {"drop capabilities", [](const Container&) { return drop_capabilities(); }},
};

/// Waits until the container is started: the byte is the starter's word.
bool wait_for_start(const Container& container) {
  if (container.ready >= 0 && !done(write(container.ready, "1", 1), "write", "pipe to the creator")) return false;
  char started = 0;
  return container.fifo < 0 || done(read(container.fifo, &started, 1), "read", "fifo");
}

void work(const Container& container, std::span<const Part> parts, Marks* marks) {
  for (const Part& part : parts) {
    if (!part.run(container)) return;
    pass(marks, part.name);
  }
  if (!wait_for_start(container)) return;
  if (container.filter != nullptr) {
    if (!load(*container.filter)) return;
    pass(marks, "load the filter");
  }
  sigprocmask(SIG_SETMASK, &container.signals, nullptr);
  exec(container.command);
}

}  // namespace

void become_container(const Container& container, Marks* marks) {
  pass(marks, "clone with its namespaces");
  const bool dies_with_parent = container.fifo < 0;
  if (dies_with_parent && !done(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl", "PR_SET_PDEATHSIG")) return;
  work(container, kParts, marks);
}

void join_container(const Container& container, Marks* marks) {
  pass(marks, "clone into the process namespace");
  if (!done(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl", "PR_SET_PDEATHSIG")) return;
  work(container, kPartsOfJoining, marks);
}

}  // namespace caisson::bench
