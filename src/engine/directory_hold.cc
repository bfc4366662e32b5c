#include "engine/directory_hold.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "kernel/files.h"

namespace caisson::engine {

Result<std::optional<Fd>> hold_directory(const std::string& path, Hold how) {
  for (;;) {
    Result<Fd> directory = kernel::open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!directory && directory.error().number == ENOENT) return errno = ENOENT, std::nullopt;
    if (!directory) return fail(std::move(directory).error());
    const bool is_shared = how == Hold::kShared || how == Hold::kSharedOrNothing;
    const bool waits = how == Hold::kShared || how == Hold::kAlone;
    const int operation = (is_shared ? LOCK_SH : LOCK_EX) | (waits ? 0 : LOCK_NB);
    if (::flock(directory->get(), operation) != 0) {
      if (errno == EINTR) continue;
      if (errno == EWOULDBLOCK) return std::nullopt;
      return fail(os_error("flock", path));
    }
    struct stat held{};
    const auto now = kernel::status_of(path);
    if (::fstat(directory->get(), &held) == 0 && now && held.st_ino == now->st_ino && held.st_dev == now->st_dev)
      return std::optional(std::move(*directory));
  }
}

}  // namespace caisson::engine
