// The images that there are, and containers' claims on them: removed and pruned, with their layers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/places.h"
#include "image/image_store.h"
#include "image/stored_image.h"

namespace caisson::engine {

/// A container that was made from an image.
struct ImageUse {
  std::string container;  ///< its id
  bool is_running = false;
};

/// The ids of the images that containers were made from, with those containers. Error: the record of one cannot be
/// read: what it needs is not known.
using ImageUses = std::map<std::string, std::vector<ImageUse>>;
Result<ImageUses> images_in_use(const Places& places);

Result<image::ImageStore> open_images(const Places& places);

/// The directories that are stores of layers (image/layers.h): root's, and those of an ordinary user's mappings.
Result<std::vector<std::string>> layer_stores(const Places& places);

/// The trees that containers were made from. Error: the record of one cannot be read.
Result<std::set<std::string>> trees_in_use(const Places& places);

/// All of them, the newest first, with what their configs say; for this host's platform. `problems`: what cannot be
/// read.
struct UnpackedLayer {
  std::string chain_id;
  std::int64_t bytes = 0;  ///< of its files
};
struct ListedImage {
  image::StoredImage image;
  image::ImageConfig config;
  std::int64_t created_ns = 0;               ///< 0: not known
  std::int64_t size_bytes = 0;               ///< of manifest, config and layers, as stored
  std::vector<UnpackedLayer> unpacked = {};  ///< all of its layers; none where one is not unpacked, or its size unknown

  /// What docker calls the size: of the unpacked layers where that is known, as stored otherwise.
  std::int64_t shown_bytes() const;
};
struct ImageListing {
  std::vector<ListedImage> images;
  std::vector<std::string> problems;
};
Result<ImageListing> list_images(const Places& places);

/// The one that `name` means (image/stored_image.h). Error: there is none.
Result<ListedImage> find_image(const Places& places, const std::string& name);

/// Whether there is one.
Result<bool> has_image(const Places& places, const std::string& name);

struct RemovedImages {
  std::vector<std::string> untagged;  ///< names, as people write them
  std::vector<std::string> deleted;   ///< ids of images, chain ids of layers
  std::int64_t bytes = 0;             ///< that the store of images and the stores of layers took
};

/// Removes what neither an image nor a container needs any more: blobs, and layers of images that are gone.
Result<> remove_unneeded(const Places& places);

/// Takes the name `name` off an image; with its last name, or if `name` is its id, the image goes, with all that no
/// other image and no container needs. Errors: there is none; it has several names and was given by its id; a container
/// was made from it. kForce: only a running container keeps it.
enum class RemoveImage { kCarefully, kForce };
Result<RemovedImages> remove_image(const Places& places, const std::string& name, RemoveImage how);

/// Removes the images without a name that `is_wanted` is true of and no container was made from; kAll: those with a
/// name too, and root filesystems of tarballs, and what is left of pulls.
enum class PruneImages { kUnnamed, kAll };
Result<RemovedImages> prune_images(const Places& places, PruneImages which,
                                   const std::function<bool(const ListedImage&)>& is_wanted);

}  // namespace caisson::engine
