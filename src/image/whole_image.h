// An image of the store, read with everything hashed that is a document: what unpacks or checks layers does not rely on
// who wrote the blobs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/image_store.h"
#include "image/manifest.h"

namespace caisson::image {

struct WholeImage {
  std::string digest;  ///< of the manifest
  Manifest manifest;
  std::vector<std::string> diff_ids;
  std::vector<std::string> chain_ids;  ///< as many as there are layers, the lowest first

  const std::string& id() const { return manifest.config.digest; }
};

/// The image whose manifest has this digest. Errors: a document is not there, has another digest, is no image's, or
/// contradicts the other one.
Result<WholeImage> read_whole_image(const ImageStore& store, const std::string& digest);

/// All images that index.json leads to, whatever platform they are for, by their ids. Those that are not there or not
/// right are left out.
Result<std::map<std::string, WholeImage>> read_whole_images(const ImageStore& store);

}  // namespace caisson::image
