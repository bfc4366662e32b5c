// Whether two unpacked trees are the same.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace caisson::image {

/// A directory that no entry of an archive describes has the time when it was unpacked.
enum class DirectoryTimes { kCompared, kPassedOver };

/// Compares the trees below two directories entry by entry: kind, mode, owner, size, time of modification, device
/// number, number of hard links, extended attributes, target, content. Gives the first difference in words
/// ("etc/passwd: the content is another"); nothing where there is none. No symbolic link is followed, and no device or
/// fifo opened. Of whiteouts it counts only that they are there. Errors: what cannot be read.
Result<std::optional<std::string>> compare_trees(int one, int other, DirectoryTimes times = DirectoryTimes::kCompared);

}  // namespace caisson::image
