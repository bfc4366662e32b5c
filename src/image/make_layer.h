// A layer of the store, made as a whole or not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "image/layer_store.h"

namespace caisson::image {

/// What came of unpacking a tree.
struct UnpackedTree {
  std::vector<std::string> notes;  ///< what was not kept, as lines for the user
  std::uint64_t bytes = 0;         ///< in its files, each counted once
};

/// Has `unpack` fill an empty directory, and makes that the layer `key`; gives the notes that `unpack` gives. The lock
/// of the key must be held. After an error, of `unpack` or of the store, nothing of it is left.
using Unpack = std::function<Result<UnpackedTree>(Fd tree)>;
Result<std::vector<std::string>> make_layer(LayerStore& store, const LayerKey& key, const Unpack& unpack);

}  // namespace caisson::image
