#include "image/spool_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/unfinished.h"

namespace caisson::image {

namespace {

constexpr mode_t kPrivate = 0600;

}  // namespace

Result<Fd> spool_file(int where) {
  Fd file(::openat(where, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, kPrivate));
  if (file) return file;
  const std::string name = fmt::format("{}{}", kSpoolPrefix, ::getpid());
  (void)::unlinkat(where, name.c_str(), 0);
  file = Fd(::openat(where, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kPrivate));
  if (!file) return fail(os_error("openat", name));
  (void)::unlinkat(where, name.c_str(), 0);
  return file;
}

}  // namespace caisson::image
