// What other programs find in the store in the place of an image with Docker's media types. In a layout skopeo, umoci
// and podman look for OCI's alone, and the original has to stay byte by byte: its digest is what registries and
// signatures know. So the line of index.json leads to a manifest that says the same in OCI's words, of the same config
// and layers, and its annotations to the original (store_index.h). Within caisson the original is the image.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/image_store.h"

namespace caisson::image {

struct StandIn {
  struct Document {
    Descriptor descriptor;
    std::string bytes;
  };
  std::vector<Document> documents;  ///< of an index, those of its manifests that are in the store; itself last

  const Descriptor& descriptor() const { return documents.back().descriptor; }
};

/// The stand-in for the manifest or index at `target`; nothing where that has OCI's media types throughout. Errors: it,
/// or a manifest in it, is not in the store, or cannot be read.
Result<std::optional<StandIn>> stand_in_for(const ImageStore& store, const Descriptor& target);

}  // namespace caisson::image
