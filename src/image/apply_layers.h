// Unpacking all layers of an image into the store of layers.
#pragma once

#include <string>

#include "base/result.h"
#include "image/owner_map.h"
#include "image/unpack.h"

namespace caisson::image {

struct ImageLayersOptions {
  std::string images;    ///< directory of the store of images: "STORE/images"
  std::string store;     ///< directory of the store of layers
  std::string manifest;  ///< digest of the image's manifest: "sha256:HEX"
  OwnerMaps owners;      ///< empty: those that the store has (LayerStore::settle_owners())
  bool progress = false;
};

/// Makes sure that all layers of the image are in the store, unpacked, and that the store knows of which ones it
/// consists (find_image_layers()). Several layers are unpacked at the same time, in as many threads as there are
/// processors, at most four, and no more than memory allows: one needs those below only for what it takes from them or
/// hides of them, and waits for them then. They appear together, after one syncfs(2), or not at all. Any number of
/// processes may do this at once. Sets the process's umask to 0. What is given as digest is the image's id. Errors: a
/// blob that is not there, or is not what the manifest or the config says of it; or the entry of a layer, and what is
/// wrong with it.
Result<Unpacked> apply_layers(const ImageLayersOptions& options);

}  // namespace caisson::image
