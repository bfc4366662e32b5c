// Unpacking one layer of an image into the store.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/owner_map.h"
#include "image/unpack.h"

namespace caisson::image {

/// A layer as the image's manifest and configuration have it.
struct LayerOptions {
  std::string store;               ///< directory of the store
  std::string blob;                ///< path of the layer as stored: a tar archive, perhaps compressed
  std::string digest;              ///< of the blob: "sha256:HEX", as are the other two
  std::uint64_t size = 0;          ///< of the blob, in bytes
  std::string diff_id;             ///< digest of the archive in it
  std::string chain_id;            ///< of this layer on those below
  std::vector<std::string> lower;  ///< trees of the layers below, the uppermost first: "STORE/layers/chain/HEX/tree"
  OwnerMaps owners;
  bool progress = false;
};

/// Makes sure that the layer is in the store, unpacked. Any number of processes may do this at once with the same one:
/// one unpacks, the others wait for it. Where it is there already the blob is not looked at. Sets the process's umask
/// to 0. What is given as digest is the chain id. Errors: size, digest or DiffID are others than said; the chain id is
/// not that of this layer on those; one of those is not there; or the entry and what is wrong with it. Nothing
/// half-unpacked is left.
Result<Unpacked> apply_layer(const LayerOptions& options);

}  // namespace caisson::image
