#include "kernel/few_mounts.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kernel/files.h"
#include "kernel/processes.h"
#include "kernel/syscalls.h"

namespace caisson::kernel {

namespace {

constexpr std::array<const char*, 3> kKept = {"proc", "sys", "dev"};

// listmount(2), which glibc 2.36 does not know: the ids of the mounts below the caller's root, as many as fit.
long list_mounts(std::vector<std::uint64_t>& ids) {
  constexpr long kListmount = 458;
  constexpr std::uint64_t kFromRoot = ~std::uint64_t{0};  // LSMT_ROOT
  struct {
    std::uint32_t size = 24;  // MNT_ID_REQ_SIZE_VER0
    std::uint32_t spare = 0;
    std::uint64_t mount = kFromRoot;
    std::uint64_t after = 0;
  } request;
  return ::syscall(kListmount, &request, ids.data(), ids.size(), 0);
}

bool is_mount_namespace(const Fd& file) { return ::ioctl(file.get(), NS_GET_NSTYPE) == CLONE_NEWNS; }

// Nothing where no namespace is bound to the file, or it is not there.
Result<Fd> open_namespace(const std::string& path) {
  Fd file = TRY(open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  return is_mount_namespace(file) ? std::move(file) : Fd();
}

bool is_mount(const std::string& path) {
  struct statx found{};
  return ::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, 0, &found) == 0 &&
         (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

Result<Fd> copy_mount(const std::string& path) {
  Fd tree(::open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!tree) return fail(os_error("open_tree", path));
  return tree;
}

Result<> change_mount(const Fd& mount, std::uint64_t set, std::uint64_t propagation) {
  struct mount_attr change{};
  change.attr_set = set;
  change.propagation = propagation;
  if (::mount_setattr(mount.get(), "", AT_EMPTY_PATH, &change, sizeof change) != 0)
    return fail(os_error("mount_setattr", ""));
  return {};
}

Result<> place_mount(const Fd& mount, int directory, const std::string& path) {
  if (::move_mount(mount.get(), "", directory, path.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
    return fail(os_error("move_mount", path));
  return {};
}

Result<Fd> make_empty_root() {
  const Fd context(::fsopen("tmpfs", FSOPEN_CLOEXEC));
  if (!context) return fail(os_error("fsopen", "tmpfs"));
  if (::fsconfig(context.get(), FSCONFIG_SET_STRING, "mode", "0755", 0) != 0 ||
      ::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return fail(os_error("fsconfig", "tmpfs"));
  Fd root(::fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
  if (!root) return fail(os_error("fsmount", "tmpfs"));
  return root;
}

// In a child of the caller's: leaves the caller's mounts but those that are kept.
Result<> leave_mounts() {
  if (::unshare(CLONE_NEWNS) != 0) return fail(os_error("unshare", "CLONE_NEWNS"));
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return fail(os_error("mount", "/"));
  const Fd root = TRY(make_empty_root());
  std::array<Fd, kKept.size()> kept;
  for (std::size_t i = 0; i < kKept.size(); ++i) kept[i] = TRY(copy_mount(std::string("/") + kKept[i]));
  TRY(place_mount(root, AT_FDCWD, "/"));
  for (std::size_t i = 0; i < kKept.size(); ++i) {
    if (::mkdirat(root.get(), kKept[i], 0755) != 0) return fail(os_error("mkdir", kKept[i]));
    TRY(place_mount(kept[i], root.get(), kKept[i]));
  }
  TRY(change_mount(root, MOUNT_ATTR_RDONLY, 0));
  if (::fchdir(root.get()) != 0 || pivot_root(".", ".") != 0) return fail(os_error("pivot_root", "."));
  if (::umount2(".", MNT_DETACH) != 0) return fail(os_error("umount2", "."));
  return {};
}

void go_to(int processor) {
  cpu_set_t alone;
  CPU_ZERO(&alone);
  CPU_SET(processor, &alone);
  (void)::sched_setaffinity(0, sizeof alone, &alone);
}

Result<> bind_namespace(pid_t owner, const std::string& path) {
  TRY(place_mount(TRY(copy_mount("/proc/" + std::to_string(owner) + "/ns/mnt")), AT_FDCWD, path));
  return {};
}

// On that processor, or on any. The process that makes it ends as soon as the namespace is bound.
Result<> make_namespace(const std::string& path, std::optional<int> processor) {
  Pipe made = TRY(make_pipe());
  const pid_t owner = ::fork();
  if (owner < 0) return fail(os_error("fork", ""));
  if (owner == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (processor) go_to(*processor);
    const Result<> left = leave_mounts();
    const char outcome = left ? 'x' : static_cast<char>(left.error().number);
    if (::write(made.write.get(), &outcome, 1) == 1) ::pause();
    ::_exit(1);
  }
  made.write = Fd();
  char outcome = 0;
  const bool heard = retry([&] { return ::read(made.read.get(), &outcome, 1); }) == 1;
  Result<> bound = heard && outcome == 'x' ? bind_namespace(owner, path)
                                           : fail(complaint("a mount namespace with few mounts cannot be made"));
  ::kill(owner, SIGKILL);
  (void)wait_for(owner);
  return bound;
}

// A namespace is bound only in an older one (ELOOP), which the kernel tells by their numbers: and each processor gives
// them out of a supply of its own (Linux 6.18). The one that the caller's is from has a higher one.
Result<> make_younger_namespace(const std::string& path) {
  Result<> made = make_namespace(path, std::nullopt);
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  (void)::sched_getaffinity(0, sizeof allowed, &allowed);
  for (int i = 0; i < CPU_SETSIZE && !made && made.error().number == ELOOP; ++i) {
    if (CPU_ISSET(i, &allowed)) made = make_namespace(path, i);
  }
  return made;
}

// Where everybody hears of mounts they would hear of this one: it is bound in a mount that tells nobody.
Result<> seclude(const std::string& directory) {
  if (is_mount(directory)) return {};
  const Fd own = TRY(copy_mount(directory));
  TRY(change_mount(own, 0, MS_PRIVATE));
  return place_mount(own, AT_FDCWD, directory);
}

}  // namespace

bool has_more_mounts_than(std::size_t count) {
  std::vector<std::uint64_t> ids(count + 1);
  if (const long listed = list_mounts(ids); listed >= 0) return static_cast<std::size_t>(listed) > count;
  const Result<Fd> file = open_file("/proc/self/mountinfo", O_RDONLY);
  if (!file) return false;
  std::array<char, 4096> part;
  std::size_t lines = 0;
  while (lines <= count) {
    const ssize_t got = retry([&] { return ::read(file->get(), part.data(), part.size()); });
    if (got <= 0) return false;
    lines += static_cast<std::size_t>(std::count(part.begin(), part.begin() + got, '\n'));
  }
  return true;
}

Result<Fd> few_mounts(const std::string& directory) {
  const std::string path = directory + "/namespace";
  if (Result<Fd> there = open_namespace(path); there && *there) return there;
  TRY(make_directories(directory, 0700));
  const Fd lock = TRY(open_file(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  if (retry([&] { return ::flock(lock.get(), LOCK_EX); }) != 0) return fail(os_error("flock", directory));
  TRY(seclude(directory));
  (void)TRY(open_file(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (Result<Fd> there = open_namespace(path); !there || *there) return there;  // another made it meanwhile
  TRY(make_younger_namespace(path));
  return open_namespace(path);
}

}  // namespace caisson::kernel
