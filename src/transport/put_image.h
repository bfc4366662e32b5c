// An image made here, put into the store.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "image/image_config.h"
#include "image/image_store.h"
#include "transport/fetch.h"

namespace caisson::transport {

/// Writes config and manifest, in OCI's form, and gives the image its names, or keeps it without one. `layers`: the
/// lowest first, blobs that are in the store and held.
Result<Fetched> put_image(const image::ImageStore& store, const image::ImageConfig& config,
                          std::vector<image::Descriptor> layers, const std::vector<std::string>& names);

}  // namespace caisson::transport
