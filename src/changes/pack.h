// The side that `cp` copies from: a file or a tree as an archive.
#pragma once

#include <string>
#include <vector>

#include "archive/tar_writer.h"
#include "base/result.h"

namespace caisson::changes {

enum class LastLink {
  kCopied,    ///< a symbolic link at the end of the path is copied itself, unless a slash follows it
  kFollowed,  ///< what it leads to is
};

struct PackOptions {
  std::string path;  ///< inside the root, resolved there: links lead nowhere else
  std::string name;  ///< of the top entry in the archive; of what is below it, "NAME/…"
  LastLink last_link = LastLink::kCopied;
};

/// Writes a whole archive to `out`. What is mounted in a tree is part of it, but for the kernel's own file systems.
/// Gives what was left out, as lines. Errors: it is not there, or a socket or device; those of archive::write_tree().
Result<std::vector<std::string>> pack(int root, const PackOptions& options, archive::TarWriter& out);

}  // namespace caisson::changes
