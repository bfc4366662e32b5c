// The floor: the kernel-visible work of running `runc spec`'s default bundle, and nothing around it. What a container
// start costs above this is the runtime's own doing; below it no runtime can come that makes the same container.
//
// It trusts its root filesystem (paths in it are not resolved safely), reads no configuration and keeps no state.
// On cgroup v2 the device rules are left out: there they are a BPF program, which v1 has no counterpart of.
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <new>
#include <string_view>

#include "floor_cgroups.h"
#include "floor_report.h"

namespace caisson::bench {
namespace {

constexpr int kOwnFailure = 125;  // as docker's: the runtime failed, not the command

// --- the child -----------------------------------------------------------------------------------------------------

bool join(const Cgroups& cgroups) {
  for (const Hierarchy& hierarchy : cgroups.all())
    if (!hierarchy.is_v2 && !done(write(hierarchy.tasks, "0", 1), "write tasks", hierarchy.name.data())) return false;
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

bool set_attributes() {
  const rlimit files{.rlim_cur = 1024, .rlim_max = 1024};
  return bring_up_loopback() && done(sethostname("runc", 4), "sethostname", "runc") &&
         done(setrlimit(RLIMIT_NOFILE, &files), "setrlimit", "RLIMIT_NOFILE") &&
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

/// What the child is given.
struct Container {
  const char* rootfs;
  char** command;
  const Cgroups& cgroups;
  sigset_t signals;  ///< the mask that the command starts with
};

/// The work of the child, part by part, each with the name that --timings shows.
struct Part {
  const char* name;
  bool (*run)(const Container&);
};
constexpr Part kParts[] = {
    {"join the cgroups", [](const Container& container) { return join(container.cgroups); }},
    {"session and keyring", [](const Container&) { return done(setsid(), "setsid") && join_keyring(); }},
    {"mount root, proc, dev, pts, shm, mqueue, sys",
     [](const Container& container) { return mount_file_systems(container.rootfs); }},
    {"mount the cgroups", [](const Container& container) { return mount_cgroups(container.cgroups); }},
    {"6 devices, 5 links", [](const Container&) { return make_devices(); }},
    {"pivot_root, old root off, root read-only", [](const Container& container) { return pivot(container.rootfs); }},
    {"15 masked and read-only paths", [](const Container&) { return protect_paths(); }},
    {"loopback, hostname, limit, no new privileges", [](const Container&) { return set_attributes(); }},
    {"drop capabilities", [](const Container&) { return drop_capabilities(); }},
};

/// PID 1 of the container. Comes back only if something failed, and has said then what.
void become_container(const Container& container, Marks* marks) {
  pass(marks, "clone with its namespaces");
  if (!done(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl", "PR_SET_PDEATHSIG")) return;
  for (const Part& part : kParts) {
    if (!part.run(container)) return;
    pass(marks, part.name);
  }
  sigprocmask(SIG_SETMASK, &container.signals, nullptr);
  exec(container.command);
}

// --- the parent ----------------------------------------------------------------------------------------------------

/// Waits for `child`, which dies by any signal that asks this process to end. Returns a shell's exit status.
int wait_for(pid_t child, const sigset_t& blocked) {
  for (;;) {
    int status = 0;
    const pid_t reaped = wait4(child, &status, WNOHANG, nullptr);
    if (!done(reaped, "wait4")) return kOwnFailure;
    if (reaped == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    const int signal = sigwaitinfo(&blocked, nullptr);
    if (signal > 0 && signal != SIGCHLD) kill(child, SIGKILL);
  }
}

int run(const char* rootfs, char** command, Marks* marks) {
  pass(marks, "start");
  // The cgroups must go whatever ends this process: signals are looked at only where it waits.
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  for (const int signal : {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&blocked, signal);
  if (!done(sigprocmask(SIG_BLOCK, &blocked, &before), "sigprocmask")) return kOwnFailure;

  Cgroups cgroups;
  if (!cgroups.make()) return kOwnFailure;
  pass(marks, "make the cgroups");

  clone_args arguments{};
  arguments.flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS;
  arguments.exit_signal = SIGCHLD;
  if (!cgroups.has_v1()) arguments.flags |= CLONE_NEWCGROUP;
  if (cgroups.v2_cgroup() >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(cgroups.v2_cgroup());
  }
  const long child = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (!done(child, "clone3", "6 namespaces")) return kOwnFailure;
  if (child == 0) {
    become_container({.rootfs = rootfs, .command = command, .cgroups = cgroups, .signals = before}, marks);
    _exit(kOwnFailure);
  }
  const int status = wait_for(static_cast<pid_t>(child), blocked);
  pass(marks, "exec, exit, namespaces torn down");
  if (!cgroups.remove()) return kOwnFailure;
  pass(marks, "remove the cgroups");
  return status;
}

}  // namespace
}  // namespace caisson::bench

int main(int argc, char** argv) {
  using namespace caisson::bench;
  const bool timed = argc > 1 && std::string_view(argv[1]) == "--timings";
  char** arguments = argv + (timed ? 2 : 1);
  if (argc - (arguments - argv) < 2) {
    fputs(
        "usage: floor [--timings] ROOTFS COMMAND [ARGUMENT…]\n\n"
        "Runs COMMAND in a container like that of `runc spec`'s default config, with the fewest calls that make it.\n"
        "ROOTFS must hold the directories proc, dev and sys. The exit status is COMMAND's, 128 + the signal that\n"
        "ended it, or 125 if the container could not be made.\n\n"
        "  --timings  print on stderr what each part took\n",
        stderr);
    return kOwnFailure;
  }
  Marks* marks = nullptr;
  if (timed) {
    void* shared = mmap(nullptr, sizeof(Marks), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return done(-1, "mmap"), kOwnFailure;
    marks = new (shared) Marks;
  }
  const int status = run(arguments[0], arguments + 1, marks);
  if (marks != nullptr) marks->print();
  return status;
}
