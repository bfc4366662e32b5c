#include "kernel/own_executable.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/syscalls.h"

namespace caisson::kernel {

Result<> run_from_read_only_view(char** arguments, const std::string& program) {
  constexpr const char* kSelf = "/proc/self/exe";
  struct statvfs filesystem{};
  if (::statvfs(kSelf, &filesystem) != 0) return fail(os_error("statvfs", kSelf));
  if ((filesystem.f_flag & ST_RDONLY) != 0) return {};

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
