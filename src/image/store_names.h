// The names of the images in the store: given, taken, looked through. Each change is one new index.json.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/image_store.h"

namespace caisson::image {

/// Gives the image or index at `target` the name `name`. Another that had it stays, unnamed if it has no further name.
/// `stand_in`: what others are to find under all of its names; nothing: what they find under those that it has already.
/// What has just come is named by name_image(), which makes that. Error: blobs that it needs are not in the store
/// (missing_blobs()).
Result<> set_name(const ImageStore& store, std::string_view name, const Descriptor& target,
                  const std::optional<Descriptor>& stand_in = std::nullopt);

/// Keeps the image at `target` without a name, if it has none.
Result<> keep_unnamed(const ImageStore& store, const Descriptor& target,
                      const std::optional<Descriptor>& stand_in = std::nullopt);

/// Takes the name away; the image stays, unnamed if it has no further name. False if nothing has that name.
Result<bool> remove_name(const ImageStore& store, std::string_view name);

/// Removes each line that `is_wanted` is true of, and gives them back. What they led to is there until it is pruned.
Result<std::vector<StoreEntry>> remove_entries(const ImageStore& store,
                                               const std::function<bool(const StoreEntry&)>& is_wanted);

/// Removes the lines that cannot be read, and gives what was wrong with each.
Result<std::vector<std::string>> remove_unreadable(const ImageStore& store);

/// Puts an index.json that cannot be read aside, as index.json.damaged, and one without lines in its place.
Result<> set_index_aside(const ImageStore& store);

/// What is not in the store of what the image at `target` needs: its manifest, or else its config and layers. Of an
/// index, itself alone: it may be there for some platforms only. Error: the manifest cannot be read.
Result<std::vector<Descriptor>> missing_blobs(const ImageStore& store, const Descriptor& target);

}  // namespace caisson::image
