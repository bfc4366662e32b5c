#include "kernel/in_root.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "kernel/syscalls.h"

namespace caisson::kernel {

namespace {

// Somebody renames beneath us: the kernel asks to try again (openat2(2), EAGAIN). Bounded, as a container may go on for
// ever.
constexpr int kTries = 128;
constexpr int kLinks = 40;  // as many as the kernel follows (path_resolution(7))

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

// Makes what is missing, or finds what somebody else made meanwhile: opened without following it.
int make_or_find(int parent, const char* name, Make make, bool& dangles) noexcept {
  if (make_component(parent, name, make) != 0 && errno != EEXIST) return -1;
  const int found = ::openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat status{};
  dangles = found >= 0 && ::fstat(found, &status) == 0 && S_ISLNK(status.st_mode);
  return found;
}

// Puts what `link` says in the place of its name, which lies between `name` and `rest` of `way`. False and errno.
bool follow(int link, char* way, char* name, const char* rest, int links) noexcept {
  char target[PATH_MAX];
  const ssize_t length = ::readlinkat(link, "", target, sizeof target);
  if (length < 0) return false;
  char* place = target[0] == '/' ? way : name;
  if (links > kLinks || static_cast<std::size_t>(place - way + length) + std::strlen(rest) >= PATH_MAX) {
    errno = links > kLinks ? ELOOP : ENAMETOOLONG;
    return false;
  }
  std::memmove(place + length, rest, std::strlen(rest) + 1);
  std::memcpy(place, target, static_cast<std::size_t>(length));
  return true;
}

void close_quietly(int fd) noexcept {
  const int error = errno;
  ::close(fd);
  errno = error;
}

}  // namespace

int open_in_root(int root, const char* path, int flags, std::uint64_t resolve) noexcept {
  struct open_how how{};
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

  // Each prefix is resolved from the root, so that a link in the middle keeps its meaning; what is missing is made in
  // the directory that the shorter prefix led to, and opened from there without following anything. A link to something
  // missing is replaced by what it says, and the walk begins again: images have such links where their target is to be
  // (/etc/resolv.conf to ../run/systemd/resolve/stub-resolv.conf).
  char way[PATH_MAX];
  if (std::strlen(path) >= sizeof way) {
    errno = ENAMETOOLONG;
    return -1;
  }
  std::memcpy(way, path, std::strlen(path) + 1);
  int links = 0;
  int parent = open_in_root(root, "/", O_PATH | O_DIRECTORY);
  for (char* start = way; parent >= 0;) {
    while (*start == '/') ++start;
    if (*start == '\0') return parent;
    char* const name = start;
    char* const end = ::strchrnul(start, '/');
    const bool last = end[std::strspn(end, "/")] == '\0';

    const char after = std::exchange(*end, '\0');
    int next = open_in_root(root, way, O_PATH, resolve);
    bool dangles = false;
    if (next < 0 && errno == ENOENT) next = make_or_find(parent, name, last ? make : Make::kDirectory, dangles);
    *end = after;
    close_quietly(parent);
    parent = next;
    start = dangles ? way : end;
    if (!dangles) continue;

    const bool followed = follow(next, way, name, end, ++links);
    close_quietly(next);
    parent = followed ? open_in_root(root, "/", O_PATH | O_DIRECTORY) : -1;
  }
  return parent;
}

int make_last_in_root(int root, const char* path, Make make) noexcept {
  const char* name = nullptr;
  const int parent = parent_in_root(root, path, &name);
  if (parent < 0) return -1;
  bool is_link = false;
  const int found = make_or_find(parent, name, make, is_link);
  close_quietly(parent);
  return found;
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
