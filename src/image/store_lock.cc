#include "image/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace caisson::image {

namespace {

bool is_at(const Fd& file, const std::string& path) {
  struct stat opened{};
  struct stat named{};
  return ::fstat(file.get(), &opened) == 0 && ::lstat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

}  // namespace

Result<std::optional<Fd>> open_locked(const std::string& path, StoreLock::Kind kind, kernel::Lock how) {
  const int operation =
      (kind == StoreLock::Kind::kShared ? LOCK_SH : LOCK_EX) | (how == kernel::Lock::kTry ? LOCK_NB : 0);
  for (;;) {
    Fd file = TRY(kernel::open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
    while (::flock(file.get(), operation) != 0) {
      if (errno == EWOULDBLOCK) return std::nullopt;
      if (errno != EINTR) return fail(os_error("flock", path));
    }
    // Who held it may have removed or renamed it: then this is the lock of nothing.
    if (is_at(file, path)) return std::optional(std::move(file));
  }
}

Result<std::optional<StoreLock>> StoreLock::take(const std::string& path, Kind kind, kernel::Lock how) {
  std::optional<Fd> file = TRY(open_locked(path, kind, how));
  if (!file) return std::nullopt;
  return StoreLock(path, *std::move(file));
}

Result<StoreLock> StoreLock::wait(const std::string& path, Kind kind) {
  return *TRY(take(path, kind, kernel::Lock::kWait));
}

// A lock that is exchanged for an exclusive one is given up first, so another may have been here in between, and have
// removed the file: what then lies there is somebody else's.
StoreLock::~StoreLock() {
  if (!file_ || ::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) return;
  if (is_at(file_, path_)) ::unlink(path_.c_str());
}

}  // namespace caisson::image
