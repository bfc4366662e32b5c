// The images of the store, found by what people call them.
#pragma once

#include <functional>
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
  std::string meant = {};          ///< the one of the names that was asked for; empty: found by something else
  Descriptor manifest_descriptor;  ///< of the one image that was chosen from that
  Manifest manifest;

  const std::string& id() const { return manifest.config.digest; }
};

/// What a name without a registry may stand for, in this order: as registries.conf has it, which is not for every
/// program to read. Empty: docker.io's, then localhost's.
using ShortNames = std::function<Result<std::vector<Reference>>(const std::string& text)>;

/// The image that `text` means, for the first of the platforms `fitting` for which there is one: a name with "latest"
/// understood; a digest; an id, or the beginning of one. `short_names` is asked about a name without a registry where
/// the store does not tell: docker.io and localhost have not exactly one of that name, or another registry has one too.
/// Nothing if it is not in the store, or not for these platforms. Errors: the beginning is that of several ids; what it
/// leads to cannot be read; those of `short_names`.
Result<std::optional<StoredImage>> find_image(const ImageStore& store, std::string_view text,
                                              const std::vector<Platform>& fitting,
                                              const ShortNames& short_names = nullptr);

/// The same for one name alone, as the store has it.
Result<std::optional<StoredImage>> find_named(const ImageStore& store, std::string_view name,
                                              const std::vector<Platform>& fitting);

struct ImageList {
  std::vector<StoredImage> images;
  std::vector<std::string> problems;  ///< what could not be read, each with the name it has
};

/// All images, in the order of index.json. Of an index, the image that fits best.
Result<ImageList> list_images(const ImageStore& store, const std::vector<Platform>& fitting);

/// The config of an image, which has as many layers as its manifest.
Result<ImageConfig> read_stored_config(const ImageStore& store, const StoredImage& image);

}  // namespace caisson::image
