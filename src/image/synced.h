// Files that are still there, and whole, after the power has failed.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace caisson::image {

/// fsync(2) of a directory: what was renamed into it stays there.
Result<> sync_directory(const std::string& path);

/// Writes `content` to `temporary`, and renames that to `path` when it is on the disk. Both lie in one file system; who
/// calls is the only one who uses `temporary`.
Result<> replace_synced(const std::string& temporary, const std::string& path, std::string_view content);

/// fsync(2) of `file`, which lies at `from`, and a rename to `to`, which is on the disk then too.
Result<> rename_synced(int file, const std::string& from, const std::string& to);

}  // namespace caisson::image
