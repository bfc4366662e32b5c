// The root filesystem that layers make together, looked into without an overlay of them being mounted.
//
// What is in the layers is the image's, so hostile: links are followed here, one component at a time on descriptors,
// and lead nowhere but into the layers. A whiteout (layers.h) hides what has its name in the trees below, as a file
// does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace caisson::image {

/// The content of the regular file `path` in the root that `trees`, the uppermost first, show together. Errors: there
/// is none (ENOENT), it is no regular file (EINVAL), it has more than `limit_bytes` (EFBIG), more than 40 links
/// (ELOOP).
Result<std::string> read_in_layers(const std::vector<std::string>& trees, std::string_view path,
                                   std::size_t limit_bytes);

}  // namespace caisson::image
