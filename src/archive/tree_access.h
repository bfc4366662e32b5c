// Looking into a tree that may be hostile and may change meanwhile: no link is followed, nothing entered that is
// mounted in it. And what overlay has noted in its upper directories.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace caisson::archive {

/// Opens what is at `path` below `directory` ("": that itself), and nothing that is mounted over it. One that is not
/// open, and errno: ELOOP where a link is in the way, EXDEV where something is mounted.
Fd open_in_tree(int directory, const std::string& path, int flags);

/// The same with what is mounted over it, but for the kernel's own file systems: EXDEV for those.
Fd open_over_mounts(int directory, const std::string& path, int flags);

/// Whether errno says that it went away, or became something else, after it had been seen.
bool is_gone(int number);

/// In which attributes overlay makes its notes (Documentation/filesystems/overlayfs.rst): those of the host's root
/// alone, or, mounted with userxattr, those that a container's processes can write as well.
enum class OverlayNotes { kTrusted, kUser };

/// What overlay has noted about a file: "opaque", "redirect", "metacopy"; of a long note, one byte.
std::optional<std::string> overlay_note(int directory, const std::string& base, OverlayNotes notes,
                                        std::string_view what);

/// True if what is below the directory of the same name in the layers below is not shown.
bool is_opaque(int directory, const std::string& base, OverlayNotes notes);

}  // namespace caisson::archive
