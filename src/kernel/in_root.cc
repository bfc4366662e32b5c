#include "kernel/in_root.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "kernel/syscalls.h"

namespace caisson::kernel {

namespace {

// Somebody renames beneath us: the kernel asks to try again (openat2(2), EAGAIN). Bounded, as a container may go on for ever.
constexpr int kTries = 128;

const char* last_component(const char* path) {
  const char* slash = std::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

int make_component(int parent, const char* name, Make make) noexcept {
  if (make == Make::kDirectory) return ::mkdirat(parent, name, 0755);
  const int file = ::openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file >= 0) ::close(file);
  return file < 0 ? -1 : 0;
}

}  // namespace

int open_in_root(int root, const char* path, int flags, std::uint64_t resolve) noexcept {
  struct open_how how {};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve;
  for (int tries = 0;; ++tries) {
    const int opened = openat2(root, path, how);
    if (opened >= 0 || (errno != EAGAIN && errno != EINTR) || tries == kTries) return opened;
  }
}

int make_in_root(int root, const char* path, Make make, std::uint64_t resolve) noexcept {
  const int found = open_in_root(root, path, O_PATH, resolve);
  if (found >= 0 || errno != ENOENT) return found;

  // Each prefix is resolved from the root, so that a link in the middle keeps its meaning; what is missing is made in the
  // directory that the shorter prefix led to, and opened from there without following anything.
  char prefix[PATH_MAX];
  if (std::strlen(path) >= sizeof prefix) {
    errno = ENAMETOOLONG;
    return -1;
  }
  int parent = open_in_root(root, "/", O_PATH | O_DIRECTORY);
  for (const char* start = path; parent >= 0;) {
    while (*start == '/') ++start;
    if (*start == '\0') return parent;
    const char* end = ::strchrnul(start, '/');
    std::memcpy(prefix, path, static_cast<std::size_t>(end - path));
    prefix[end - path] = '\0';
    const bool last = end[std::strspn(end, "/")] == '\0';

    int next = open_in_root(root, prefix, O_PATH, resolve);
    if (next < 0 && errno == ENOENT) {
      const char* name = prefix + (start - path);
      if (make_component(parent, name, last ? make : Make::kDirectory) == 0 || errno == EEXIST) {
        next = ::openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        struct stat made {};
        if (next >= 0 && ::fstat(next, &made) == 0 && S_ISLNK(made.st_mode)) {  // a link that leads nowhere
          ::close(next);
          next = -1;
          errno = ENOENT;
        }
      }
    }
    const int error = errno;
    ::close(parent);
    errno = error;
    parent = next;
    start = end;
  }
  return parent;
}

int parent_in_root(int root, const char* path, const char** name) noexcept {
  *name = last_component(path);
  char directory[PATH_MAX];
  const auto length = static_cast<std::size_t>(*name - path);
  if (length >= sizeof directory || **name == '\0') {
    errno = **name == '\0' ? EINVAL : ENAMETOOLONG;
    return -1;
  }
  if (length == 0) return open_in_root(root, "/", O_PATH | O_DIRECTORY);
  std::memcpy(directory, path, length);
  directory[length] = '\0';
  return make_in_root(root, directory, Make::kDirectory);
}

}  // namespace caisson::kernel
