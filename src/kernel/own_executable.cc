#include "kernel/own_executable.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/syscalls.h"

namespace caisson::kernel {

namespace {

// A file that nobody can write to any more (memfd_create(2), F_ADD_SEALS), for those who may not make mounts.
Result<> run_from_sealed_copy(char** arguments, const std::string& program) {
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  const Fd self(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!self || ::fstat(self.get(), &status) != 0) return fail(os_error("open", "/proc/self/exe"));
  if (::fcntl(self.get(), F_GET_SEALS) == kSeals) return {};
  // Whoever neither owns it nor may write to it cannot from a container either.
  if (status.st_uid != ::geteuid() && ::access(program.c_str(), W_OK) != 0) return {};

  const Fd copy(::memfd_create("caisson", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy) return fail(os_error("memfd_create", "caisson"));
  for (off_t left = status.st_size; left > 0;) {
    const ssize_t sent = ::sendfile(copy.get(), self.get(), nullptr, static_cast<std::size_t>(left));
    if (sent <= 0) return fail(os_error("sendfile", program));
    left -= sent;
  }
  if (::fchmod(copy.get(), 0500) != 0 || ::fcntl(copy.get(), F_ADD_SEALS, kSeals) != 0)
    return fail(os_error("fcntl", "F_ADD_SEALS"));
  arguments[0] = const_cast<char*>(program.c_str());
  execveat(copy.get(), "", arguments, environ, AT_EMPTY_PATH);
  return fail(os_error("execveat", program));
}

}  // namespace

Result<> run_from_read_only_view(char** arguments, const std::string& program) {
  constexpr const char* kSelf = "/proc/self/exe";
  struct statvfs filesystem{};
  if (::statvfs(kSelf, &filesystem) != 0) return fail(os_error("statvfs", kSelf));
  if ((filesystem.f_flag & ST_RDONLY) != 0) return {};

  if (::geteuid() != 0) return run_from_sealed_copy(arguments, program);
  const Fd view(::open_tree(AT_FDCWD, kSelf, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!view) return fail(os_error("open_tree", kSelf));
  struct mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (::mount_setattr(view.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0)
    return fail(os_error("mount_setattr", kSelf));
  arguments[0] = const_cast<char*>(program.c_str());
  execveat(view.get(), "", arguments, environ, AT_EMPTY_PATH);
  return fail(os_error("execveat", program));
}

}  // namespace caisson::kernel
