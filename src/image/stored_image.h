// The images of the store, found by what people call them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/image_config.h"
#include "image/image_store.h"
#include "image/manifest.h"
#include "image/reference.h"

namespace caisson::image {

struct StoredImage {
  std::vector<std::string> names = {};  ///< whole references, or as another tool has written them; none: unnamed
  Descriptor target;                    ///< what these lead to: a manifest, or an index
  std::optional<Descriptor> stand_in = std::nullopt;  ///< what others find by them (stand_in.h)
  Descriptor manifest_descriptor;                     ///< of the one image that was chosen from that
  Manifest manifest;

  const std::string& id() const { return manifest.config.digest; }
};

/// The image that `text` means, for the first of the platforms `fitting` for which there is one: a name with "latest"
/// understood, below docker.io or localhost if no registry is written; a digest; an id, or the beginning of one.
/// Nothing if it is not in the store, or not for these platforms. Errors: the beginning is that of several ids; what it
/// leads to cannot be read.
Result<std::optional<StoredImage>> find_image(const ImageStore& store, std::string_view text,
                                              const std::vector<Platform>& fitting);

/// The same for one name alone, as the store has it.
Result<std::optional<StoredImage>> find_named(const ImageStore& store, std::string_view name,
                                              const std::vector<Platform>& fitting);

/// The one of the image's names that `text` means, as find_image() reads it; empty if it was found by something else.
std::string name_meant(const StoredImage& image, std::string_view text);

struct ImageList {
  std::vector<StoredImage> images;
  std::vector<std::string> problems;  ///< what could not be read, each with the name it has
};

/// All images, in the order of index.json. Of an index, the image that fits best.
Result<ImageList> list_images(const ImageStore& store, const std::vector<Platform>& fitting);

/// The config of an image, which has as many layers as its manifest.
Result<ImageConfig> read_stored_config(const ImageStore& store, const StoredImage& image);

}  // namespace caisson::image
