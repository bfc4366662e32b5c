// An image that has come into the store gets its names there, for caisson and for other programs.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "image/image_store.h"

namespace caisson::image {

/// Gives the image or index at `target` these names, as set_name() does, or keeps it without one where there are none;
/// puts its stand-in (stand_in.h) beside it, if it needs one.
Result<> name_image(const ImageStore& store, const std::vector<std::string>& names, const Descriptor& target);

}  // namespace caisson::image
