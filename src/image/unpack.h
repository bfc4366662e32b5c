// Unpacking a root filesystem's tarball into the store.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/owner_map.h"

namespace caisson::image {

struct UnpackOptions {
  std::string store;                  ///< directory of the store
  std::string tarball;                ///< path, or "-" for standard input
  std::optional<std::string> sha256;  ///< 64 hexadecimal digits, perhaps after "sha256:"
  OwnerMaps owners;
  bool progress = false;
};

struct Unpacked {
  std::string digest;              ///< "sha256:HEX" of the tarball as stored
  std::vector<std::string> notes;  ///< what was not kept
};

/// Makes sure that the tarball is in the store, unpacked. Any number of processes may do this at once with the same
/// one: one unpacks, the others wait for it. Sets the process's umask to 0. Errors name the tarball, the entry and what
/// is wrong; nothing half-unpacked is left.
Result<Unpacked> unpack_into_store(const UnpackOptions& options);

}  // namespace caisson::image
