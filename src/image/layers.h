// The store of unpacked layers, as the programs that start containers see it: looked up, never written.
//
//   STORE/layers/sha256/HEX/tree      the root filesystem unpacked from the tarball with that digest; complete if it is
//   there STORE/layers/index/DEVICE-INODE   what a tarball on this host was hashed to, with its size and times at that
//   moment STORE/layers/lock/NAME            flock(2) files: NAME is a layer's HEX while it is unpacked, or an index
//   key while it is hashed STORE/layers/tmp/HEX/tree         a layer being unpacked, by the holder of lock/HEX; garbage
//   if nobody holds that
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
  std::string digest;  ///< of the tarball as stored (compressed): "sha256:HEX"
  std::string tree;    ///< path of the unpacked root filesystem
};

/// The layer with this digest in the store at the path `store`, if it has been unpacked. Only looks: one stat(2).
std::optional<Layer> find_layer_by_digest(const std::string& store, std::string_view digest);

/// That the tarball called `shown` has another digest than the one asked for.
Error wrong_digest(std::string_view shown, std::string_view digest, std::string_view wanted);

/// The layer unpacked from the tarball at `tarball` if that is a regular file that has not changed since. Three system
/// calls and no hashing; nothing means "ask transfer" (unpack_tarball), not "there is none". Fails only if the tarball
/// cannot be examined (stat(2)).
Result<std::optional<Layer>> find_layer(const std::string& store, const std::string& tarball);

}  // namespace caisson::image
