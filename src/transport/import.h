// An image made of a root filesystem's tarball.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "image/image_config.h"
#include "image/image_store.h"
#include "transport/board.h"
#include "transport/fetch.h"

namespace caisson::transport {

struct ImportOptions {
  int tarball = -1;                ///< open for reading: a file, a pipe
  std::string label;               ///< as errors and progress name it
  image::ImageConfig config;       ///< of the image, its layers and history excepted
  std::string comment;             ///< of its history
  std::vector<std::string> names;  ///< none: it stays unnamed
};

/// Puts the tarball into the store as the one layer of an image. It is stored as it is, plain, gzip or zstd; what is
/// compressed in another way is stored plain. Errors: it cannot be read, is damaged, or no tar archive.
Result<Fetched> import_tarball(const image::ImageStore& store, const ImportOptions& options, Board& board);

}  // namespace caisson::transport
