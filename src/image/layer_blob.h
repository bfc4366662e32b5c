// A layer as the store of images has it, unpacked into a directory. Inside the room only: what makes it one of the
// store of layers is apply_layer.h and apply_layers.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "image/lower_trees.h"
#include "image/make_layer.h"
#include "image/owner_map.h"
#include "image/pipeline.h"

namespace caisson::image {

struct LayerBlob {
  std::string path;        ///< of the file: a tar archive, perhaps compressed
  std::string digest;      ///< of the file: "sha256:HEX"
  std::uint64_t size = 0;  ///< of the file, in bytes
  std::string diff_id;     ///< digest of the archive in it
};

struct LayerWork {
  LowerTrees lower;         ///< what lies below
  const OwnerMaps& owners;  ///< who the owners become
  Tell tell;
  const std::atomic<bool>* cancelled = nullptr;  ///< once this is true, the work ends with an error
};

/// Unpacks the layer into `tree`, which is empty and ours alone. The process's umask has to be 0. Errors name the blob:
/// it has another size, digest or DiffID; or the entry and what is wrong with it.
Result<UnpackedTree> unpack_layer_blob(const LayerBlob& layer, Fd tree, LayerWork work);

}  // namespace caisson::image
