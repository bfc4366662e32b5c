// The state of the process itself, up to the program's execution.
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/ioprio.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include <climits>
#include <cstring>

#include "execute/act.h"
#include "kernel/in_root.h"
#include "kernel/syscalls.h"

namespace caisson::execute {

using plan::Attribute;
using plan::Call;

namespace {

constexpr int kHighestCapability = 63;
constexpr ino_t kMultiplexerInode = 2;  // the ptmx node of every devpts instance (fs/devpts/inode.c)

Outcome set_process_attribute(int option, unsigned long value) noexcept {
  return ::prctl(option, value, 0, 0, 0) == 0 ? done() : failed(Call::kPrctl);
}

bool has(std::uint64_t mask, int number) { return (mask >> number & 1U) != 0; }

Outcome drop_bounding(std::uint64_t keep) noexcept {
  for (int number = 0; number <= kHighestCapability; ++number) {
    if (has(keep, number)) continue;
    if (::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0) {
      if (errno == EINVAL) break;  // past the last one this kernel has
      // Without CAP_SETPCAP nothing can be dropped, which matters only for what is there.
      if (::prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1) return failed(Call::kPrctl, static_cast<std::size_t>(number));
    }
  }
  return done();
}

Outcome raise_ambient(std::uint64_t ambient) noexcept {
  for (int number = 0; number <= kHighestCapability; ++number) {
    if (has(ambient, number) && ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) != 0) {
      return failed(Call::kPrctl, static_cast<std::size_t>(number));
    }
  }
  return done();
}

// Binds the terminal behind `terminal` to /dev/console, from its descriptor: the name in /dev/pts may be swapped.
Outcome bind_console(int root, int terminal) noexcept {
  Held target(kernel::make_in_root(root, "/dev/console", kernel::Make::kFile));
  if (!target) return failed(Call::kOpenat2);
  Held tree(::open_tree(terminal, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH));
  if (!tree) return failed(Call::kOpenTree);
  return ::move_mount(tree.get(), "", target.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0
             ? done()
             : failed(Call::kMoveMount);
}

bool is_multiplexer(int fd) noexcept {
  struct statfs filesystem{};
  struct stat status{};
  return ::fstatfs(fd, &filesystem) == 0 && filesystem.f_type == DEVPTS_SUPER_MAGIC && ::fstat(fd, &status) == 0 &&
         status.st_ino == kMultiplexerInode && status.st_rdev == makedev(5, 2);
}

bool is_null_device(const struct stat& status) noexcept {
  return S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

// The host's own would lead out of the container's mounts (/proc/self/fd/0). What is in the image at that name need not
// be a null device: then the host's stays.
bool replace_null_device(int root, int number) noexcept {
  Held top(root >= 0 ? -1 : ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (root < 0) root = top.get();
  Held own(kernel::open_in_root(root, "/dev/null", O_PATH));
  struct stat status{};
  if (!own || ::fstat(own.get(), &status) != 0 || !is_null_device(status)) return true;
  const int access = ::fcntl(number, F_GETFL) & O_ACCMODE;
  Held opened(kernel::open_in_root(root, "/dev/null", access | O_NOCTTY));
  if (!opened || ::fstat(opened.get(), &status) != 0 || !is_null_device(status)) return true;
  return ::dup2(opened.get(), number) >= 0;
}

bool is_missing(int error) { return error == ENOENT || error == ENOTDIR; }

}  // namespace

Outcome act(const plan::SetAttribute& step, Context& context) noexcept {
  switch (step.attribute) {
    case Attribute::kDeathSignal:
      return set_process_attribute(PR_SET_PDEATHSIG, static_cast<unsigned long>(step.value));
    case Attribute::kNotDumpable: return set_process_attribute(PR_SET_DUMPABLE, 0);
    case Attribute::kNewSession: return ::setsid() >= 0 || errno == EPERM ? done() : failed(Call::kSetsid);
    case Attribute::kKeyring: {
      const long key = kernel::keyctl_join_session(step.name ? context.c_str(step.name) : nullptr);
      if (key < 0) return errno == ENOSYS ? done() : failed(Call::kKeyctl);
      if (step.value == 0) return done();
      return kernel::keyctl_set_permissions(key, static_cast<std::uint32_t>(step.value)) == 0
                 ? done()
                 : failed(Call::kKeyctl, 1);
    }
    case Attribute::kLimit: {
      const struct rlimit limit{static_cast<rlim_t>(step.value), static_cast<rlim_t>(step.second)};
      const pid_t pid = step.pid == plan::kNoSlot ? 0 : context.at(step.pid);
      return ::prlimit(pid, static_cast<__rlimit_resource>(step.which), &limit, nullptr) == 0 ? done()
                                                                                              : failed(Call::kPrlimit);
    }
    case Attribute::kUmask: ::umask(static_cast<mode_t>(step.value)); return done();
    case Attribute::kNoNewPrivileges: return set_process_attribute(PR_SET_NO_NEW_PRIVS, 1);
    case Attribute::kIoPriority:
      return kernel::set_io_priority(IOPRIO_PRIO_VALUE(step.which, static_cast<int>(step.value))) == 0
                 ? done()
                 : failed(Call::kIoprioSet);
    case Attribute::kPersonality:
      return ::personality(static_cast<unsigned long>(step.value)) >= 0 ? done() : failed(Call::kPersonality);
  }
  return done();
}

Outcome act(const plan::ConnectStreams& step, Context& context) noexcept {
  const int streams[] = {context.at(step.input), context.at(step.output), context.at(step.error)};
  for (int number = 0; number < 3; ++number) {
    if (::dup2(streams[number], number) < 0) return failed(Call::kDup, static_cast<std::size_t>(number));
    struct stat status{};
    if (::fstat(number, &status) != 0) continue;
    if (is_null_device(status)) {
      if (!replace_null_device(context.at(step.root), number))
        return failed(Call::kDup, static_cast<std::size_t>(number));
    } else if (step.uid != 0 && step.uid != status.st_uid && !S_ISBLK(status.st_mode)) {
      // Its owner may open it again by name (/dev/stdout), as docker and runc have it; not everything can change hands.
      (void)!::fchown(number, step.uid, static_cast<gid_t>(-1));
    }
  }
  return done();
}

Outcome act(const plan::Console& step, Context& context) noexcept {
  Held top(step.root == plan::kNoSlot ? ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)
                                      : ::fcntl(context.at(step.root), F_DUPFD_CLOEXEC, 3));
  if (!top) return failed(Call::kOpen);
  const int master = kernel::open_in_root(top.get(), "/dev/pts/ptmx", O_RDWR | O_NOCTTY);
  if (master < 0) return failed(Call::kOpenat2);
  context.put(step.master, master);
  if (!is_multiplexer(master)) return failed_with(Call::kVerifyTerminal, ENODEV);
  int unlock = 0;
  if (::ioctl(master, TIOCSPTLCK, &unlock) != 0) return failed(Call::kIoctl, 0);
  Held terminal(::ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal) return failed(Call::kIoctl, 1);

  if (step.bind_console) {
    if (const Outcome outcome = bind_console(top.get(), terminal.get()); !outcome.ok()) return outcome;
  }
  if (step.uid != 0 && ::fchown(terminal.get(), step.uid, static_cast<gid_t>(-1)) != 0) return failed(Call::kChown);
  struct winsize size{};
  size.ws_row = step.height;
  size.ws_col = step.width;
  if ((step.height | step.width) != 0 && ::ioctl(terminal.get(), TIOCSWINSZ, &size) != 0)
    return failed(Call::kIoctl, 2);
  if (!step.adds_returns) {
    struct termios settings{};
    if (::tcgetattr(terminal.get(), &settings) != 0) return failed(Call::kIoctl, 4);
    settings.c_oflag &= ~static_cast<tcflag_t>(ONLCR);
    if (::tcsetattr(terminal.get(), TCSANOW, &settings) != 0) return failed(Call::kIoctl, 5);
  }
  for (int number = 0; number < 3; ++number) {
    if (::dup2(terminal.get(), number) < 0) return failed(Call::kDup, static_cast<std::size_t>(number));
  }
  return ::ioctl(0, TIOCSCTTY, 0) == 0 ? done() : failed(Call::kIoctl, 3);
}

Outcome act(const plan::SetIds& step, Context& context) noexcept {
  if (step.set_capabilities) {
    if (const Outcome outcome = drop_bounding(step.bounding); !outcome.ok()) return outcome;
    if (const Outcome outcome = set_process_attribute(PR_SET_KEEPCAPS, 1); !outcome.ok()) return outcome;
  }
  const std::span<const std::uint32_t> groups = context.plan->numbers(step.groups);
  if (step.set_groups && kernel::set_groups(groups.data(), groups.size()) != 0) return failed(Call::kSetgroups);
  if (kernel::set_group_ids(step.gid) != 0) return failed(Call::kSetresgid);
  if (kernel::set_ids(step.uid) != 0) return failed(Call::kSetresuid);
  if (!step.set_capabilities) return done();
  if (kernel::capset(step.effective, step.permitted, step.inheritable) != 0) return failed(Call::kCapset);
  return raise_ambient(step.ambient);
}

Outcome act(const plan::ChangeDirectory& step, Context& context) noexcept {
  if (context.in_directory) return done();
  const char* path = context.c_str(step.path);
  if (::chdir(path) != 0) {
    if (step.first_try && errno == EACCES) return done();
    if (!step.make || !is_missing(errno)) return failed(Call::kChdir);
    Held root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    Held made(root ? kernel::make_in_root(root.get(), path, kernel::Make::kDirectory) : -1);
    if (!made) return failed(Call::kMkdir);
    if (::fchdir(made.get()) != 0) return failed(Call::kChdir);
  }
  // A directory outside the root shows as "(unreachable)…", or as one that is gone.
  char here[PATH_MAX];
  if (::syscall(SYS_getcwd, here, sizeof here) < 0) return failed(Call::kGetcwd);
  context.in_directory = here[0] == '/';
  return context.in_directory ? done() : failed_with(Call::kVerifyInside, EXDEV);
}

Outcome act(const plan::CloseDescriptors& step, Context&) noexcept {
  return ::close_range(step.from, ~0U, CLOSE_RANGE_CLOEXEC) == 0 ? done() : failed(Call::kCloseRange);
}

Outcome act(const plan::FindProgram& step, Context& context) noexcept {
  Outcome outcome = failed_with(Call::kFaccessat, ENOENT);
  std::size_t candidate = 0;
  for (const plan::Text path : context.plan->texts(step.candidates)) {
    struct stat status{};
    const bool there = ::stat(context.c_str(path), &status) == 0;
    if (there && !S_ISDIR(status.st_mode) && ::faccessat(AT_FDCWD, context.c_str(path), X_OK, AT_EACCESS) == 0)
      return done();
    if (there) errno = EACCES;
    if (outcome.error != EACCES) outcome = failed(Call::kFaccessat, candidate);
    ++candidate;
  }
  return outcome;
}

// As execvp(3) goes through PATH: what is missing is passed over, what may not be executed is remembered.
Outcome act(const plan::Exec& step, Context& context) noexcept {
  Outcome outcome = failed_with(Call::kExecve, ENOENT);
  std::size_t candidate = 0;
  for (const plan::Text path : context.plan->texts(step.candidates)) {
    ::execve(context.c_str(path), context.pointers.arguments, context.pointers.environment);
    if (errno == EACCES) outcome = failed(Call::kExecve, candidate);
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) return failed(Call::kExecve, candidate);
    if (outcome.error != EACCES) outcome = failed(Call::kExecve, candidate);
    ++candidate;
  }
  return outcome;
}

}  // namespace caisson::execute
