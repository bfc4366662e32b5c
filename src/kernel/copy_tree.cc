#include "kernel/copy_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "kernel/syscalls.h"

namespace caisson::kernel {

namespace {

constexpr int kDeepest = 128;
constexpr std::size_t kPiece = 1U << 20;
constexpr std::size_t kAttributeBytes = 4096;

// One directory that is being copied. `next` is where its listing goes on once a directory in it is done.
struct Level {
  int from = -1;
  int to = -1;
  off_t next = 0;
};

class Held {
 public:
  explicit Held(int fd) noexcept : fd_(fd) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

CopyOutcome failed(CopyPart part) noexcept { return {part, errno}; }
bool ok(const CopyOutcome& outcome) noexcept { return outcome.part == CopyPart::kNone; }
bool is_forbidden(int error) noexcept { return error == EPERM || error == EACCES || error == EINVAL; }

// An attribute that the other file system does not keep, or that may not be given here, stays behind.
void copy_extended_attributes(int from, int to) noexcept {
  char names[kAttributeBytes];
  char value[kAttributeBytes];
  const ssize_t length = ::flistxattr(from, names, sizeof names);
  for (ssize_t at = 0; at < length; at += static_cast<ssize_t>(std::strlen(names + at)) + 1) {
    const ssize_t size = ::fgetxattr(from, names + at, value, sizeof value);
    if (size >= 0) (void)!::fsetxattr(to, names + at, value, static_cast<std::size_t>(size), 0);
  }
}

CopyOutcome copy_attributes(int from, int to) noexcept {
  struct stat status{};
  if (::fstat(from, &status) != 0) return failed(CopyPart::kOpen);
  if (::fchown(to, status.st_uid, status.st_gid) != 0 && !is_forbidden(errno)) return failed(CopyPart::kMode);
  if (::fchmod(to, status.st_mode & 07777U) != 0) return failed(CopyPart::kMode);
  copy_extended_attributes(from, to);  // after the owner: a change of that takes capabilities away
  const struct timespec times[2] = {status.st_atim, status.st_mtim};
  return ::futimens(to, times) == 0 ? CopyOutcome{} : failed(CopyPart::kMode);
}

CopyOutcome copy_file(const Level& in, const char* name) noexcept {
  const Held from(
      retry([&] { return ::openat(in.from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); }));
  struct stat status{};
  if (!from || ::fstat(from.get(), &status) != 0) return failed(CopyPart::kOpen);
  if (!S_ISREG(status.st_mode)) return {CopyPart::kOpen, ESTALE};  // it was another a moment ago
  const Held to(::openat(in.to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!to) return failed(CopyPart::kMake);
  for (;;) {
    const ssize_t copied = retry([&] { return ::sendfile(to.get(), from.get(), nullptr, kPiece); });
    if (copied < 0) return failed(CopyPart::kWrite);
    if (copied == 0) break;
  }
  return copy_attributes(from.get(), to.get());
}

CopyOutcome copy_link(const Level& in, const char* name, const struct stat& status) noexcept {
  char target[PATH_MAX];
  const ssize_t length = ::readlinkat(in.from, name, target, sizeof target - 1);
  if (length < 0) return failed(CopyPart::kOpen);
  target[length] = '\0';
  if (::symlinkat(target, in.to, name) != 0) return failed(CopyPart::kMake);
  if (::fchownat(in.to, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) != 0 && !is_forbidden(errno))
    return failed(CopyPart::kMode);
  return {};
}

CopyOutcome copy_node(const Level& in, const char* name, const struct stat& status) noexcept {
  if (::mknodat(in.to, name, status.st_mode, status.st_rdev) != 0)
    return is_forbidden(errno) ? CopyOutcome{} : failed(CopyPart::kMake);
  if (::fchownat(in.to, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) != 0 && !is_forbidden(errno))
    return failed(CopyPart::kMode);
  return {};
}

// Makes the directory and opens both; `below` stays closed where another file system is mounted on it.
CopyOutcome enter(const Level& in, const char* name, const struct stat& status, Level& below) noexcept {
  if (::mkdirat(in.to, name, 0700) != 0) return failed(CopyPart::kMake);
  struct open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_NO_XDEV | RESOLVE_BENEATH;
  below.from = retry([&] { return openat2(in.from, name, how); });
  if (below.from < 0) {
    if (errno != EXDEV) return failed(CopyPart::kOpen);
    return ::fchmodat(in.to, name, status.st_mode & 07777U, 0) == 0 ? CopyOutcome{} : failed(CopyPart::kMode);
  }
  below.to = ::openat(in.to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  below.next = 0;
  return below.to < 0 ? failed(CopyPart::kOpen) : CopyOutcome{};
}

CopyOutcome copy_entry(const Level& in, const char* name, Level& below) noexcept {
  struct stat status{};
  if (::fstatat(in.from, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? CopyOutcome{} : failed(CopyPart::kOpen);
  if (S_ISDIR(status.st_mode)) return enter(in, name, status, below);
  if (S_ISREG(status.st_mode)) return copy_file(in, name);
  if (S_ISLNK(status.st_mode)) return copy_link(in, name, status);
  return copy_node(in, name, status);
}

void close_level(Level& level) noexcept {
  if (level.from >= 0) ::close(level.from);
  if (level.to >= 0) ::close(level.to);
  level = {};
}

bool is_dots(const char* name) noexcept { return std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0; }

// Copies entries of the directory until one is a directory to be entered, which is opened in `below`, or none is left.
CopyOutcome copy_entries(Level& in, Level& below, bool& is_done) noexcept {
  alignas(dirent64) char entries[kAttributeBytes];
  is_done = false;
  if (::lseek(in.from, in.next, SEEK_SET) < 0) return failed(CopyPart::kList);
  const ssize_t length = ::getdents64(in.from, entries, sizeof entries);
  if (length < 0) return failed(CopyPart::kList);
  is_done = length == 0;
  for (ssize_t at = 0; at < length;) {
    const auto* entry = reinterpret_cast<const dirent64*>(entries + at);
    at += entry->d_reclen;
    in.next = entry->d_off;
    if (is_dots(entry->d_name)) continue;
    const CopyOutcome outcome = copy_entry(in, entry->d_name, below);
    if (!ok(outcome) || below.from >= 0) return outcome;
  }
  return {};
}

}  // namespace

CopyOutcome copy_tree(int from, int to) noexcept {
  Level levels[kDeepest];
  int depth = 0;
  levels[0].from = ::openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  levels[0].to = ::openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CopyOutcome outcome = levels[0].from < 0 || levels[0].to < 0 ? failed(CopyPart::kOpen) : CopyOutcome{};
  while (ok(outcome)) {
    Level below;
    bool is_done = false;
    outcome = copy_entries(levels[depth], below, is_done);
    if (ok(outcome) && below.from >= 0) {
      if (depth + 1 < kDeepest) {
        levels[++depth] = below;
        continue;
      }
      outcome = {CopyPart::kOpen, ELOOP};
    }
    close_level(below);
    if (!ok(outcome) || !is_done) continue;
    outcome = copy_attributes(levels[depth].from, levels[depth].to);
    close_level(levels[depth]);
    if (depth-- == 0) return outcome;
  }
  for (; depth >= 0; --depth) close_level(levels[depth]);
  return outcome;
}

}  // namespace caisson::kernel
