// Mounts. Every target is resolved inside the root when the step runs, and mounted on by descriptor.
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <utility>

#include "execute/act.h"
#include "execute/copy_up.h"
#include "kernel/in_root.h"
#include "kernel/syscalls.h"

namespace caisson::execute {

using kernel::Make;
using plan::Call;

namespace {

constexpr std::size_t kParameterSize = 4096;     // and the most that mount(2) takes of options, with a NUL
constexpr std::size_t kFsconfigParameter = 256;  // the most of a value, with a NUL
constexpr std::size_t kWhole = 0xffff;           // the operand where a file system is refused, not one of its options

bool set_attributes(int tree, std::uint64_t set, std::uint64_t clear, std::uint64_t propagation,
                    bool recursive) noexcept {
  struct mount_attr attributes{};
  attributes.attr_set = set;
  attributes.attr_clr = clear;
  attributes.propagation = propagation & ~static_cast<std::uint64_t>(MS_REC);
  const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
  return ::mount_setattr(tree, "", flags, &attributes, sizeof attributes) == 0;
}

bool attach(int tree, int target) noexcept {
  return ::move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0;
}

// One "key=value" or "key". The numbering of operands is that of the options; the source comes after them.
bool configure(int filesystem, const char* parameter) noexcept {
  const char* equals = std::strchr(parameter, '=');
  if (equals == nullptr) return ::fsconfig(filesystem, FSCONFIG_SET_FLAG, parameter, nullptr, 0) == 0;
  char key[kParameterSize];
  const auto length = static_cast<std::size_t>(equals - parameter);
  if (length >= sizeof key) {
    errno = ENAMETOOLONG;
    return false;
  }
  std::memcpy(key, parameter, length);
  key[length] = '\0';
  return ::fsconfig(filesystem, FSCONFIG_SET_STRING, key, equals + 1, 0) == 0;
}

struct NewFilesystem {
  plan::Text type;
  plan::Text source;
  plan::Range options;
  std::uint64_t attributes = 0;
  int like = -1;  ///< a directory whose mode it gets
};

bool has_long_option(const NewFilesystem& wanted, const Context& context) noexcept {
  const auto options = context.plan->texts(wanted.options);
  return std::any_of(options.begin(), options.end(), [&](plan::Text option) {
    const char* equals = std::strchr(context.c_str(option), '=');
    return equals != nullptr && std::strlen(equals + 1) >= kFsconfigParameter;
  });
}

// Appends a word to mount(2)'s options, where commas part them; false if they become too long.
bool append_option(char (&options)[kParameterSize], std::size_t& length, const char* word) noexcept {
  const auto put = [&](char byte) {
    if (length + 1 < sizeof options) options[length] = byte;
    ++length;
  };
  if (length > 0) put(',');
  bool escaped = false;  // by the backslash before it
  for (const char* at = word; *at != '\0'; ++at) {
    if (*at == ',' && !escaped) put('\\');  // overlay's way to have one in a path
    put(*at);
    escaped = *at == '\\' && !escaped;
  }
  if (length >= sizeof options) return false;
  options[length] = '\0';
  return true;
}

// The same by the old call, which takes a page of options where a parameter of fsconfig(2) ends at 256 bytes: a list of
// an overlay's layers is longer. It is mounted over the root directory, where nobody is, and comes off again.
int make_with_long_options(const NewFilesystem& wanted, Context& context, Outcome& outcome) noexcept {
  char options[kParameterSize];
  std::size_t length = 0;
  for (const plan::Text option : context.plan->texts(wanted.options)) {
    if (!append_option(options, length, context.c_str(option)))
      return outcome = failed_with(Call::kMount, E2BIG, kWhole), -1;
  }
  if (::mount(wanted.source ? context.c_str(wanted.source) : "none", "/", context.c_str(wanted.type), 0, options) != 0)
    return outcome = failed(Call::kMount, kWhole), -1;
  const int mounted = ::open_tree(AT_FDCWD, "/..", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (mounted < 0) outcome = failed(Call::kOpenTree, kWhole);
  if (::umount2("/", MNT_DETACH) != 0) outcome = failed(Call::kUmount, kWhole);
  if (outcome.ok() && !set_attributes(mounted, wanted.attributes, 0, 0, false))
    outcome = failed(Call::kMountSetattr, kWhole);
  return outcome.ok() ? mounted : -1;
}

// A new file system as a detached mount; -1 with `outcome` set.
int make_filesystem(const NewFilesystem& wanted, Context& context, Outcome& outcome) noexcept {
  if (has_long_option(wanted, context)) return make_with_long_options(wanted, context, outcome);
  Held filesystem(::fsopen(context.c_str(wanted.type), FSOPEN_CLOEXEC));
  if (!filesystem) return outcome = failed(Call::kFsopen), -1;
  std::size_t operand = 0;
  for (const plan::Text option : context.plan->texts(wanted.options)) {
    if (!configure(filesystem.get(), context.c_str(option))) return outcome = failed(Call::kFsconfig, operand), -1;
    ++operand;
  }
  if (wanted.source &&
      ::fsconfig(filesystem.get(), FSCONFIG_SET_STRING, "source", context.c_str(wanted.source), 0) != 0) {
    return outcome = failed(Call::kFsconfig, operand), -1;
  }
  struct stat covered{};
  if (wanted.like >= 0 && ::fstat(wanted.like, &covered) == 0) {
    char mode[16];
    ::snprintf(mode, sizeof mode, "%o", covered.st_mode & 07777U);
    if (::fsconfig(filesystem.get(), FSCONFIG_SET_STRING, "mode", mode, 0) != 0)
      return outcome = failed(Call::kFsconfig, operand), -1;
  }
  if (::fsconfig(filesystem.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return outcome = failed(Call::kFsconfig, kWhole), -1;
  const int mounted = ::fsmount(filesystem.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(wanted.attributes));
  if (mounted < 0) outcome = failed(Call::kFsmount);
  return mounted;
}

bool is_directory(int fd) noexcept {
  struct stat status{};
  return ::fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

bool is_link(int fd) noexcept {
  struct stat status{};
  return ::fstat(fd, &status) == 0 && S_ISLNK(status.st_mode);
}

bool is_on_procfs(int fd) noexcept {
  struct statfs filesystem{};
  return ::fstatfs(fd, &filesystem) == 0 && filesystem.f_type == PROC_SUPER_MAGIC;
}

// What covers a part of procfs could tell programs, and who starts them, what is not so (CVE-2019-16884,
// CVE-2019-19921). A target that a link of the image leads there counts as well.
bool may_cover(const plan::Mount& step, int target, Context& context) noexcept {
  switch (step.over_proc) {
    case plan::OverProc::kFile: return true;
    case plan::OverProc::kWhole: return step.tree == plan::kNoSlot || is_on_procfs(context.at(step.tree));
    case plan::OverProc::kNothing: break;
  }
  return !is_on_procfs(target);
}

// procfs and sysfs must not land where the image's links lead (CVE-2023-27561, CVE-2019-19921).
int open_target(const plan::Mount& step, Context& context, Make make, Outcome& outcome) noexcept {
  const char* type = context.c_str(step.type);
  const bool strict =
      std::strcmp(type, "proc") == 0 || std::strcmp(type, "sysfs") == 0 || step.over_proc != plan::OverProc::kNothing;
  const char* path = context.c_str(step.target);
  const int target = step.no_follow
                         ? kernel::make_last_in_root(context.at(step.root), path, make)
                         : kernel::make_in_root(context.at(step.root), path, make, strict ? RESOLVE_NO_SYMLINKS : 0);
  if (target < 0) {
    outcome = strict && errno == ELOOP ? failed_with(Call::kVerifyDirectory, ELOOP) : failed(Call::kOpenat2);
  } else if (!may_cover(step, target, context)) {
    outcome = failed_with(step.over_proc == plan::OverProc::kWhole ? Call::kVerifyProcfs : Call::kVerifyTarget, EINVAL);
    ::close(target);
    return -1;
  }
  return target;
}

// SELinux's attribute of a file; a kernel without it has no such attributes.
bool set_label(int fd, const char* label) noexcept {
  Held opened(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened && ::fsetxattr(opened.get(), "security.selinux", label, std::strlen(label), 0) == 0;
}

// The link that the tree is, made at the target; one that says the same stays.
Outcome copy_link(const plan::Mount& step, Context& context) noexcept {
  char wanted[PATH_MAX];
  char existing[PATH_MAX];
  const ssize_t length = ::readlinkat(context.at(step.tree), "", wanted, sizeof wanted - 1);
  if (length < 0) return failed(Call::kReadlink);
  wanted[length] = '\0';
  const char* name = nullptr;
  Held directory(kernel::parent_in_root(context.at(step.root), context.c_str(step.target), &name));
  if (!directory) return failed(Call::kOpenat2);
  if (::symlinkat(wanted, directory.get(), name) == 0) return done();
  if (errno != EEXIST) return failed(Call::kSymlink);
  const ssize_t found = ::readlinkat(directory.get(), name, existing, sizeof existing);
  const bool same = found == length && std::memcmp(existing, wanted, static_cast<std::size_t>(length)) == 0;
  return same ? done() : failed_with(Call::kSymlink, EEXIST);
}

Outcome finish_mount(const plan::Mount& step, int tree, int target) noexcept {
  if (!attach(tree, target)) return failed(Call::kMoveMount);
  if (step.propagation != 0 && !set_attributes(tree, 0, 0, step.propagation, (step.propagation & MS_REC) != 0)) {
    return failed(Call::kMountSetattr);
  }
  return done();
}

Outcome mount_tree(const plan::Mount& step, Context& context) noexcept {
  const int tree = context.at(step.tree);
  if (step.copy_link && is_link(tree)) return copy_link(step, context);
  Outcome outcome;
  Held target(open_target(step, context, is_directory(tree) ? Make::kDirectory : Make::kFile, outcome));
  if (!target) return outcome;
  // The kernel says EINVAL to both; these say which is which.
  if (is_directory(tree) != is_directory(target.get()))
    return failed_with(Call::kMoveMount, is_directory(tree) ? ENOTDIR : EISDIR);
  if (step.copy_up) outcome = copy_up(step, target.get(), tree, context);
  if (!outcome.ok()) return outcome;
  if ((step.recursive_set | step.recursive_clear) != 0 &&
      !set_attributes(tree, step.recursive_set, step.recursive_clear, 0, true)) {
    return failed(Call::kMountSetattr);
  }
  if ((step.set | step.clear) != 0 && !set_attributes(tree, step.set, step.clear, 0, false))
    return failed(Call::kMountSetattr);
  return finish_mount(step, tree, target.get());
}

// A copy of the tree in `tree` on `target`; the tree itself the first time, which leaves its descriptor on the attached
// mount.
Outcome attach_copy(int tree, int target) noexcept {
  Held copy(::open_tree(tree, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH));
  if (!copy && errno != EINVAL) return failed(Call::kOpenTree);
  return attach(copy ? copy.get() : tree, target) ? done() : failed(Call::kMoveMount);
}

bool is_null_device(int fd) noexcept {
  struct stat status{};
  return ::fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

bool is_missing(int error) { return error == ENOENT || error == ENOTDIR; }

// In another mount namespace: who enters one cannot come back, so a process that shares our descriptors goes there.
int open_tree_in_view(int view, const char* source, unsigned flags) noexcept {
  const int place = ::fcntl(view, F_DUPFD_CLOEXEC, 3);
  if (place < 0) return -1;
  struct clone_args arguments{};
  arguments.flags = CLONE_FILES;
  arguments.exit_signal = SIGCHLD;
  const pid_t visitor = kernel::clone3(arguments);
  if (visitor == 0) {
    const int tree = ::setns(view, CLONE_NEWNS) == 0 ? ::open_tree(AT_FDCWD, source, flags) : -1;
    ::_exit(tree >= 0 && ::dup3(tree, place, O_CLOEXEC) >= 0 ? 0 : errno);
  }
  int status = 0;
  const bool came_back = visitor > 0 && kernel::retry([&] { return ::waitpid(visitor, &status, 0); }) == visitor;
  if (came_back && WIFEXITED(status) && WEXITSTATUS(status) == 0) return place;
  const int error = came_back && WIFEXITED(status) ? WEXITSTATUS(status) : errno;
  ::close(place);
  errno = error;
  return -1;
}

}  // namespace

Outcome act(const plan::OpenTree& step, Context& context) noexcept {
  if (step.type) {
    Outcome outcome;
    const int made = make_filesystem(
        {.type = step.type, .source = step.type, .options = step.options, .attributes = step.set}, context, outcome);
    context.put(step.slot, made);
    return outcome;
  }
  const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (step.recursive ? AT_RECURSIVE : 0U) |
                         (step.no_follow ? AT_SYMLINK_NOFOLLOW : 0U);
  const char* source = context.c_str(step.source);
  Held top(step.below ? ::open(source, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1);
  if (step.below && !top) return failed(Call::kOpen);
  Held part(step.below ? kernel::open_in_root(top.get(), context.c_str(step.below), O_PATH) : -1);
  if (step.below && !part) return failed(Call::kOpenat2);
  const int tree = step.below                   ? ::open_tree(part.get(), "", flags | AT_EMPTY_PATH)
                   : step.view == plan::kNoSlot ? ::open_tree(AT_FDCWD, source, flags)
                                                : open_tree_in_view(context.at(step.view), source, flags);
  if (tree < 0) return failed(Call::kOpenTree);
  context.put(step.slot, tree);
  if (step.propagation != 0 && !set_attributes(tree, 0, 0, step.propagation, (step.propagation & MS_REC) != 0)) {
    return failed(Call::kMountSetattr);
  }
  return done();
}

Outcome act(const plan::SetPropagation& step, Context&) noexcept {
  return ::mount(nullptr, "/", nullptr, step.flags, nullptr) == 0 ? done() : failed(Call::kMount);
}

Outcome act(const plan::IdMapTree& step, Context& context) noexcept {
  int user_namespace = context.at(step.user_namespace);
  char path[64];
  ::snprintf(path, sizeof path, "/proc/%d/ns/user", context.at(step.pid));
  Held own(user_namespace >= 0 ? -1 : ::open(path, O_RDONLY | O_CLOEXEC));
  if (user_namespace < 0) user_namespace = own.get();
  if (user_namespace < 0) return failed(Call::kOpen);
  struct mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<std::uint64_t>(user_namespace);
  const unsigned flags = AT_EMPTY_PATH | (step.recursive ? AT_RECURSIVE : 0U);
  return ::mount_setattr(context.at(step.tree), "", flags, &attributes, sizeof attributes) == 0
             ? done()
             : failed(Call::kMountSetattr);
}

Outcome act(const plan::Mount& step, Context& context) noexcept {
  if (step.tree != plan::kNoSlot) return mount_tree(step, context);
  Outcome outcome;
  const bool has_likeness =
      !context.has_option(step.options, "mode=") && std::strcmp(context.c_str(step.type), "tmpfs") == 0;
  const bool was_there =
      has_likeness && Held(kernel::open_in_root(context.at(step.root), context.c_str(step.target), O_PATH));
  Held target(open_target(step, context, Make::kDirectory, outcome));
  if (!target) return outcome;
  Held made(make_filesystem({.type = step.type,
                             .source = step.source,
                             .options = step.options,
                             .attributes = step.set,
                             .like = was_there ? target.get() : -1},
                            context, outcome));
  if (!made) return outcome;
  if (step.copy_up) outcome = copy_up(step, target.get(), made.get(), context);
  if (!outcome.ok()) return outcome;
  if (step.label && !set_label(made.get(), context.c_str(step.label))) return failed(Call::kSetxattr);
  return finish_mount(step, made.get(), target.get());
}

Outcome act(const plan::BindDevice& step, Context& context) noexcept {
  const char* path = context.c_str(step.path);
  Held tree(::open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!tree) return failed(Call::kOpenTree);
  struct stat status{};
  const bool is_it = ::fstat(tree.get(), &status) == 0 && (status.st_mode & S_IFMT) == (step.mode & S_IFMT) &&
                     status.st_rdev == makedev(step.major, step.minor);
  if (!is_it) return failed_with(Call::kVerifyDevice, ENODEV);
  Held target(kernel::make_in_root(context.at(step.root), path, Make::kFile));
  if (!target) return failed(Call::kOpenat2);
  if (!set_attributes(tree.get(), 0, 0, MS_PRIVATE, false)) return failed(Call::kMountSetattr);
  return attach(tree.get(), target.get()) ? done() : failed(Call::kMoveMount);
}

Outcome act(const plan::Mask& step, Context& context) noexcept {
  Held target(kernel::open_in_root(context.at(step.root), context.c_str(step.path), O_PATH));
  if (!target) return is_missing(errno) ? done() : failed(Call::kOpenat2);
  if (is_directory(target.get())) return attach_copy(context.at(step.empty), target.get());
  const int null = context.at(step.null);
  if (!is_null_device(null)) return failed_with(Call::kVerifyDevice, ENODEV);
  return attach_copy(null, target.get());
}

Outcome act(const plan::MakeReadOnly& step, Context& context) noexcept {
  Held target(kernel::open_in_root(context.at(step.root), context.c_str(step.path), O_PATH));
  if (!target) return is_missing(errno) && !step.remount ? done() : failed(Call::kOpenat2);
  if (step.remount) {
    return set_attributes(target.get(), MOUNT_ATTR_RDONLY, 0, 0, false) ? done() : failed(Call::kMountSetattr);
  }
  Held tree(::open_tree(target.get(), "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE));
  if (!tree) return failed(Call::kOpenTree);
  if (!set_attributes(tree.get(), MOUNT_ATTR_RDONLY, 0, 0, false)) return failed(Call::kMountSetattr);
  return attach(tree.get(), target.get()) ? done() : failed(Call::kMoveMount);
}

namespace {

// The number of components of a line of /proc/self/mountinfo (proc_pid_mountinfo(5)) that `uncover` looks at.
struct MountLine {
  char* root = nullptr;   // of the file system, as it is mounted
  char* point = nullptr;  // where
  const char* type = nullptr;
};

// Octal escapes, of white space and of backslashes.
void unescape(char* text) noexcept {
  char* to = text;
  for (const char* from = text; *from != '\0'; ++to) {
    const bool escaped = from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] != '\0' && from[3] != '\0';
    if (escaped) *to = static_cast<char>((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
    if (!escaped) *to = *from;
    from += escaped ? 4 : 1;
  }
  *to = '\0';
}

bool read_mount_line(char* line, MountLine& mount) noexcept {
  char* rest = nullptr;
  char* words[6] = {};
  char* word = ::strtok_r(line, " ", &rest);
  for (int i = 0; i < 6 && word != nullptr; ++i, word = ::strtok_r(nullptr, " ", &rest)) words[i] = word;
  while (word != nullptr && std::strcmp(word, "-") != 0) word = ::strtok_r(nullptr, " ", &rest);
  const char* type = word == nullptr ? nullptr : ::strtok_r(nullptr, " ", &rest);
  mount = {words[3], words[4], type};
  if (type == nullptr || words[4] == nullptr) return false;
  unescape(mount.point);
  return true;
}

bool is_below(const char* path, const char* directory) noexcept {
  const std::size_t length = std::strlen(directory);
  return std::strncmp(path, directory, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

// A whole procfs or sysfs that is not the container's own goes; where it may not go, it is covered.
Outcome remove_whole(const MountLine& mount, const char* new_root) noexcept {
  const bool reveals = std::strcmp(mount.type, "proc") == 0 || std::strcmp(mount.type, "sysfs") == 0;
  if (!reveals || std::strcmp(mount.root, "/") != 0 || is_below(mount.point, new_root)) return done();
  (void)::mount(nullptr, mount.point, nullptr, MS_SLAVE | MS_REC, nullptr);  // it is refused where it has no effect
  if (::umount2(mount.point, MNT_DETACH) == 0) return done();
  if (errno == ENOENT) return done();  // went with another, or lies below one
  if (errno != EINVAL && errno != EPERM) return failed(Call::kUmount);
  return ::mount("tmpfs", mount.point, "tmpfs", 0, nullptr) == 0 ? done() : failed(Call::kMount);
}

// Line by line; a line that is longer than the buffer has a path that no call takes.
Outcome remove_whole_ones(int mountinfo, const char* new_root) noexcept {
  char buffer[2 * kParameterSize];
  std::size_t length = 0;
  bool too_long = false;
  for (;;) {
    const ssize_t got = kernel::retry([&] { return ::read(mountinfo, buffer + length, sizeof buffer - 1 - length); });
    if (got < 0) return failed(Call::kRead);
    if (got == 0) return done();
    length += static_cast<std::size_t>(got);
    for (char* end = nullptr; (end = static_cast<char*>(std::memchr(buffer, '\n', length))) != nullptr;) {
      *end = '\0';
      MountLine mount;
      const bool whole = !std::exchange(too_long, false) && read_mount_line(buffer, mount);
      const Outcome outcome = whole ? remove_whole(mount, new_root) : done();
      if (!outcome.ok()) return outcome;
      length -= static_cast<std::size_t>(end + 1 - buffer);
      std::memmove(buffer, end + 1, length);
    }
    if (length == sizeof buffer - 1) {
      too_long = true;
      length = 0;
    }
  }
}

// The way of switch_root(8).
Outcome move_root(int root) noexcept {
  char path[PATH_MAX];
  if (::fchdir(root) != 0) return failed(Call::kChdir);
  if (::getcwd(path, sizeof path) == nullptr) return failed(Call::kGetcwd);
  Held mountinfo(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  if (!mountinfo) return failed(Call::kOpen);
  const Outcome outcome = remove_whole_ones(mountinfo.get(), path);
  if (!outcome.ok()) return outcome;
  if (::mount(".", "/", nullptr, MS_MOVE, nullptr) != 0) return failed(Call::kMount);
  if (::chroot(".") != 0) return failed(Call::kChroot);
  return ::chdir("/") == 0 ? done() : failed(Call::kChdir);
}

}  // namespace

Outcome act(const plan::Pivot& step, Context& context) noexcept {
  if (step.move) return move_root(context.at(step.root));
  if (::fchdir(context.at(step.root)) != 0) return failed(Call::kChdir);
  // The old root is stacked on the new one and taken off again: no directory is needed for it (pivot_root(2), NOTES).
  if (kernel::pivot_root(".", ".") != 0) return failed(Call::kPivotRoot);
  if (::umount2(".", MNT_DETACH) != 0) return failed(Call::kUmount);
  return ::chdir("/") == 0 ? done() : failed(Call::kChdir);
}

Outcome act(const plan::ChangeRoot& step, Context& context) noexcept {
  if (::fchdir(context.at(step.root)) != 0) return failed(Call::kChdir);
  return ::chroot(".") == 0 ? done() : failed(Call::kChroot);
}

}  // namespace caisson::execute
