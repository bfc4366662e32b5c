// The one resolver of paths inside a root filesystem, whose contents are hostile: symbolic links and ".." cannot lead
// out of the root, and magic links of procfs are not followed. None of it allocates.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace caisson::kernel {

/// What lies at `path` as seen from inside `root` (an O_PATH descriptor), opened with `flags` (O_CLOEXEC is added).
/// -1 and errno as openat2(2); `resolve`: further RESOLVE_ flags (RESOLVE_NO_SYMLINKS, …).
int open_in_root(int root, const char* path, int flags, std::uint64_t resolve = 0) noexcept;

enum class Make { kDirectory, kFile };

/// The same as O_PATH, made where it is missing: directories with mode 0755 (as the umask allows), the last component
/// as `make` says; where a link leads to something missing, that is made. One component at a time on descriptors, so
/// that no name is resolved twice (CVE-2024-45310).
int make_in_root(int root, const char* path, Make make, std::uint64_t resolve = 0) noexcept;

/// The same, but a symbolic link that is the last component is opened itself.
int make_last_in_root(int root, const char* path, Make make) noexcept;

/// The directory that holds `path` inside `root`, made where it is missing, and the last component's name in `name`
/// (a pointer into `path`). -1 and errno.
int parent_in_root(int root, const char* path, const char** name) noexcept;

}  // namespace caisson::kernel
