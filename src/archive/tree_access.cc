#include "archive/tree_access.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "kernel/syscalls.h"

namespace caisson::archive {

namespace {
constexpr long kMessageQueueMagic = 0x19800202;  // ipc/mqueue.c
}

Fd open_in_tree(int directory, const std::string& path, int flags) {
  const struct open_how how{.flags = static_cast<unsigned>(flags | O_CLOEXEC),
                            .mode = 0,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV};
  return Fd(kernel::retry([&] { return kernel::openat2(directory, path.empty() ? "." : path.c_str(), how); }));
}

Fd open_over_mounts(int directory, const std::string& path, int flags) {
  constexpr std::array<long, 7> kKernels = {PROC_SUPER_MAGIC,    SYSFS_MAGIC,        CGROUP_SUPER_MAGIC,
                                            CGROUP2_SUPER_MAGIC, DEVPTS_SUPER_MAGIC, kMessageQueueMagic,
                                            DEBUGFS_MAGIC};
  const struct open_how how{.flags = static_cast<unsigned>(flags | O_CLOEXEC),
                            .mode = 0,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  Fd found(kernel::retry([&] { return kernel::openat2(directory, path.empty() ? "." : path.c_str(), how); }));
  struct statfs filesystem{};
  if (!found || ::fstatfs(found.get(), &filesystem) != 0) return found;
  if (std::find(kKernels.begin(), kKernels.end(), static_cast<long>(filesystem.f_type)) == kKernels.end()) return found;
  errno = EXDEV;
  return Fd();
}

bool is_gone(int number) { return number == ENOENT || number == ENOTDIR || number == ELOOP || number == ESTALE; }

std::optional<std::string> overlay_note(int directory, const std::string& base, OverlayNotes notes,
                                        std::string_view what) {
  const std::string path = fmt::format("/proc/self/fd/{}/{}", directory, base);
  const std::string name = fmt::format("{}.overlay.{}", notes == OverlayNotes::kUser ? "user" : "trusted", what);
  char value = '\0';
  const ssize_t length = ::lgetxattr(path.c_str(), name.c_str(), &value, 1);
  if (length >= 0) return std::string(&value, static_cast<std::size_t>(length));
  if (errno == ERANGE) return std::string(1, '\0');
  return std::nullopt;
}

bool is_opaque(int directory, const std::string& base, OverlayNotes notes) {
  return overlay_note(directory, base, notes, "opaque") == "y";
}

}  // namespace caisson::archive
