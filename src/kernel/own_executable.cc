#include "kernel/own_executable.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fmt/format.h>

#include <optional>

#include "base/fd.h"
#include "kernel/own_mappings.h"
#include "kernel/syscalls.h"

namespace caisson::kernel {

namespace {

constexpr const char* kSelf = "/proc/self/exe";

Result<> execute_anew(const Fd& file, char** arguments, const std::string& program) {
  arguments[0] = const_cast<char*>(program.c_str());
  execveat(file.get(), "", arguments, environ, AT_EMPTY_PATH);
  return fail(os_error("execveat", program));
}

// A file that nobody can write to any more (memfd_create(2), F_ADD_SEALS), for those who may not make mounts.
Result<> run_from_sealed_copy(char** arguments, const std::string& program) {
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  const Fd self(::open(kSelf, O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!self || ::fstat(self.get(), &status) != 0) return fail(os_error("open", kSelf));
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
  return execute_anew(copy, arguments, program);
}

// The program's file, opened through a read-only mount of it alone. None where no mount can be made: by an ordinary
// user (EPERM), of a file in a mount namespace that is not ours (EINVAL). Once this function has closed the mount's
// own descriptor, the mount is in no namespace: nobody can bind it elsewhere or make it writable again.
Result<std::optional<Fd>> read_only_view() {
  const Fd mount(::open_tree(AT_FDCWD, kSelf, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!mount && (errno == EPERM || errno == EINVAL)) return std::optional<Fd>();
  if (!mount) return fail(os_error("open_tree", kSelf));
  struct mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (::mount_setattr(mount.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0)
    return fail(os_error("mount_setattr", kSelf));
  Fd file(::open(fmt::format("/proc/self/fd/{}", mount.get()).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail(os_error("open", kSelf));
  return std::optional(std::move(file));
}

}  // namespace

Result<> protect_own_executable(char** arguments, const std::string& program) {
  struct statvfs filesystem{};
  if (::statvfs(kSelf, &filesystem) != 0) return fail(os_error("statvfs", kSelf));
  if ((filesystem.f_flag & ST_RDONLY) != 0) return {};

  const std::optional<Fd> view = TRY(read_only_view());
  if (!view) return run_from_sealed_copy(arguments, program);
  if (map_program_from(view->get())) return {};
  return execute_anew(*view, arguments, program);
}

}  // namespace caisson::kernel
