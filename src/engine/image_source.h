// An image as SOURCE of `caisson run`: found, or brought into the store, and unpacked.
#pragma once

#include <set>
#include <string>

#include "base/result.h"
#include "engine/source.h"
#include "image/image_source.h"

namespace caisson::engine {

/// Looks the image up in ROOT/images, for --platform or the host's; what --pull, and what is there, say has to be
/// brought there, or unpacked for `owners`, is done by transfer. With Unpack::kNever nothing is. Errors: it is not
/// there and may not be pulled; what transfer says; --sha256 is the digest of neither its manifest nor its config; it
/// has no layers.
Result<Source> find_image_source(const image::ImageSource& wanted, const RunOptions& options, const Places& places,
                                 const LayerOwners& owners, Unpack unpack, const Log& log);

}  // namespace caisson::engine
