// Which blobs of the store are needed.
#pragma once

#include <set>
#include <string>

#include "base/result.h"
#include "image/image_store.h"

namespace caisson::image {

/// The digests of all blobs that index.json leads to, through indexes and manifests to configs and layers, whether they
/// are in the store or not. A document that cannot be read, or is of a kind that is not known, is taken to need
/// whatever digest stands in it: too much is kept then, never too little. Error: index.json cannot be read.
Result<std::set<std::string>> reachable_blobs(const ImageStore& store);

}  // namespace caisson::image
