// Copies a directory of a root filesystem, whose contents are hostile, into a fresh file system. Nothing allocates.
#pragma once

namespace caisson::kernel {

/// What of a copy failed.
enum class CopyPart { kNone, kOpen, kList, kMake, kWrite, kMode };
struct CopyOutcome {
  CopyPart part = CopyPart::kNone;
  int error = 0;
};

/// Copies what is in the directory `from`, and its own mode, owner and times, to the empty directory `to`: directories,
/// files, symbolic links, fifos, sockets and device nodes with mode, owner, times and extended attributes. Links are
/// not followed, what is mounted below is not entered; an owner or an attribute that may not be given, and a node that
/// may not be made, are left out. Both may be O_PATH descriptors. Directories nested deeper than 128 give ELOOP.
CopyOutcome copy_tree(int from, int to) noexcept;

}  // namespace caisson::kernel
