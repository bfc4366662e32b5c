// Looking through the store of images for what a crash or a disk error has left.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/image_store.h"

namespace caisson::image {

enum class Mend { kNo, kYes };

struct StoreCheck {
  std::vector<std::string> problems;  ///< a line each; with Mend::kYes it tells what was done about it
  std::size_t unmended = 0;           ///< of those, the ones that are still there
  std::size_t blobs = 0;              ///< that were read
  std::uint64_t bytes = 0;
};

/// Reads everything in the store at `path`: each blob is hashed, each image followed from its name to its layers. Other
/// processes may pull and prune meanwhile. What can be mended without anything from outside is: a damaged blob goes,
/// and the names of images that lack a blob, or whose documents contradict each other; a damaged index.json is put
/// aside as index.json.damaged and made anew, of all whole images. Blobs that no image needs are no problem: prune
/// takes them. Errors: what cannot be read at all.
Result<StoreCheck> check_store(const std::string& path, Mend mend);

}  // namespace caisson::image
