// Looking through a store of unpacked layers for what a crash or a disk error has left.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/check_store.h"
#include "image/report.h"

namespace caisson::image {

struct LayersCheck {
  std::vector<DamagedLayer> damaged;  ///< what is to be done about them is the caller's: containers may use them
  std::vector<std::string> lines;     ///< what else was found; with Mend::kYes it tells what was done about it
  std::size_t unmended = 0;           ///< how many of the lines tell of something that is still wrong
  std::size_t layers = 0;             ///< that were compared
};

/// Unpacks each layer anew that the store at the path `store` has of an image in the store of images at `images`, and
/// compares the two trees, entry by entry (times of directories aside). A layer on a damaged one is not looked at: what
/// it took from that cannot be told. Records of which layers an image has are compared with the images, and rewritten
/// with Mend::kYes. What killed processes have left is cleared. Other processes may start containers, pull and prune
/// meanwhile; who prunes waits while a layer is looked at. Sets the process's umask to 0. Errors: what cannot be read
/// or written at all.
Result<LayersCheck> check_layers_in(const std::string& images, const std::string& store, Mend mend);

}  // namespace caisson::image
