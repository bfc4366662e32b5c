// The store of unpacked layers, as the programs that start containers see it: looked up, never written.
//
//   STORE/layers/sha256/HEX/tree      the root filesystem unpacked from the tarball with that digest
//   STORE/layers/chain/HEX/tree       the layer of images with that chain id: its own files, for an overlay on those
//   below STORE/layers/index/DEVICE-INODE   what a tarball on this host was hashed to, with its size and times at that
//   moment STORE/layers/lock/NAME            flock(2) files: NAME is an index key while that file is hashed, or what is
//   in tmp STORE/layers/tmp/HEX/tree         a tarball being unpacked, by the holder of lock/HEX; garbage if nobody
//   holds that STORE/layers/tmp/chain.HEX/tree   the same of a layer
//
// What is in sha256 and chain is complete. A chain id stands for a layer and all below it (image-spec config.md, "Layer
// ChainID"); what is gone of those is a whiteout, a character device 0/0, and never an attribute: whoever mounts them,
// as root or in a user namespace, sees the same.
//
// STORE/layers is 0700: what is below may hold set-user-ID programs and device nodes from anywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace caisson::image {

/// An unpacked layer.
struct Layer {
  std::string digest;  ///< "sha256:HEX": of the tarball as stored (compressed), or the chain id
  std::string tree;    ///< path of the directory with its files
};

/// The layer with this digest in the store at the path `store`, if it has been unpacked. Only looks: one stat(2).
std::optional<Layer> find_layer_by_digest(const std::string& store, std::string_view digest);

/// The layer of images with this chain id, if it has been unpacked. Only looks: one stat(2).
std::optional<Layer> find_layer_by_chain(const std::string& store, std::string_view chain_id);

/// The chain id that the path of a layer's tree names ("…/layers/chain/HEX/tree"); nothing if it is not one.
std::optional<std::string> chain_id_of_tree(std::string_view tree);

/// That the tarball called `shown` has another digest than the one asked for.
Error wrong_digest(std::string_view shown, std::string_view digest, std::string_view wanted);

/// The layer unpacked from the tarball at `tarball` if that is a regular file that has not changed since. Three system
/// calls and no hashing; nothing means "ask transfer" (unpack_tarball), not "there is none". Fails only if the tarball
/// cannot be examined (stat(2)).
Result<std::optional<Layer>> find_layer(const std::string& store, const std::string& tarball);

}  // namespace caisson::image
