// Hiding what the layers below have in a directory.
//
// Overlay knows another way too, the attribute trusted.overlay.opaque (user.overlay.opaque) on the directory. Whiteouts
// are taken instead, one for each name: the kernel ignores that attribute on the root of a layer, reads only one of the
// two, depending on who mounts, and shows the other to the container; and not every file system has attributes.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "image/lower_trees.h"

namespace caisson::image {

/// Makes a whiteout in the directory `directory`, which is `path` of the tree that lies on `lower`, for each name that
/// `lower` shows there. Gives the names that were taken, be it by a whiteout.
Result<std::vector<std::string>> cover(int directory, const std::string& path, LowerTrees& lower);

/// Makes a whiteout. False if there is something of that name.
Result<bool> make_whiteout(int directory, const std::string& base);

}  // namespace caisson::image
