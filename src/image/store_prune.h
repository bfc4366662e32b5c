// Taking out of the store what nothing leads to any more.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "image/image_store.h"

namespace caisson::image {

struct Pruned {
  std::size_t blobs = 0;
  std::size_t partials = 0;  ///< blobs that were not fetched to their end
  std::int64_t bytes = 0;
};

/// What becomes of blobs that were not fetched to their end, and that nobody fetches now.
enum class Partials { kRemove, kKeep };

/// Removes blobs that no image needs and that nobody is about to name, and what is left of blobs that nobody fetches.
/// Other processes may pull at the same time; those that name an image wait. What is in the store's directories by
/// other names than digests stays.
Result<Pruned> prune_blobs(const ImageStore& store, Partials partials = Partials::kRemove);

}  // namespace caisson::image
