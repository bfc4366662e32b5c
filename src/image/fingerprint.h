// A tarball as it is given (a file, a pipe, standard input) made into an open regular file with a known digest.
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "image/layer_store.h"
#include "image/progress.h"

namespace caisson::image {

struct Tarball {
  Fd file;             ///< to be read with pread(2) from 0
  std::string digest;  ///< "sha256:HEX" of all of it
  std::uint64_t size = 0;
};

/// Opens `path`, or standard input for "-". A regular file is hashed, unless the store remembers it by its identity;
/// two processes do not hash the same file at the same time. Anything else is copied into the store's file system
/// (without a name) while it is hashed. Errors: cannot be read, is a directory, changed while it was read.
Result<Tarball> open_tarball(LayerStore& store, const std::string& path, Progress& progress);

}  // namespace caisson::image
