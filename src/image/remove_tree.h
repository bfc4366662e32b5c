// Removing what a hostile archive may have left.
#pragma once

#include <string>

#include "base/result.h"

namespace caisson::image {

/// Removes the directory `name` in the directory `parent` with all that is in it, however deep, with a constant number
/// of descriptors and without following a link. `name` must have been made by us and be writable by us; what is in it
/// need not. Not being there is no error.
Result<> remove_tree(int parent, const std::string& name);

}  // namespace caisson::image
