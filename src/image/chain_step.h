// The name of a layer together with all below it: image-spec config.md, "Layer ChainID".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace caisson::image {

/// The chain id of the layer with this DiffID on the one with the chain id `below`, which is empty where nothing is
/// below.
Result<std::string> chain_id(std::string_view below, std::string_view diff_id);

}  // namespace caisson::image
