#include "image/beneath.h"

#include <cerrno>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace caisson::image {

int try_open_beneath(int root, const std::string& path, int flags, Links links) {
  struct open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.resolve = links == Links::kInRoot ? RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS
                                        : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: the kernel could not rule out that ".." of a link left the root while something, anywhere, was renamed.
  for (;;) {
    const long fd = ::syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return static_cast<int>(fd);
  }
}

Result<Fd> open_beneath(int root, const std::string& path, int flags, Links links) {
  Fd fd(try_open_beneath(root, path, flags, links));
  if (!fd) return fail(os_error("openat2", path));
  return fd;
}

}  // namespace caisson::image
