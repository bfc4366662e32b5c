// An image made of a container: its own changes as one more layer.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "changes/container_tree.h"
#include "image/image_config.h"
#include "image/image_store.h"
#include "transport/board.h"
#include "transport/fetch.h"

namespace caisson::changes {

struct CommitOptions {
  ContainerTree tree;
  std::string base;                ///< digest of the manifest of the image it was made from; empty: its one layer in
                                   ///< tree.lower becomes the first layer
  image::ImageConfig config;       ///< of the new image but for what it gets of this layer; of `base`, its layers and
                                   ///< history
  image::HistoryEntry history;     ///< of this layer
  std::vector<std::string> names;  ///< none: it stays unnamed
};

/// Writes the layer, compressed by gzip, and the image on it into the store. Errors: the base is not in the store any
/// more; those of archive::write_tree(). The warnings are what the layer does not hold.
Result<transport::Fetched> commit_container(const image::ImageStore& store, const CommitOptions& options,
                                            transport::Board& board);

}  // namespace caisson::changes
