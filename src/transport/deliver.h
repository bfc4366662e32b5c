// An image, from the store to a destination.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "image/image_store.h"
#include "image/stored_image.h"
#include "transport/board.h"
#include "transport/destination.h"

namespace caisson::transport {

struct DeliverOptions {
  std::vector<std::string> names;  ///< what it is to be called there, where the destination does not say so itself
  std::size_t threads = 3;         ///< blobs that go at the same time
};

/// Gives an image of the store to `destination`: its layers, its config, its manifest. Layers that are stored plain are
/// compressed on the way (gzip) if the destination wants that, and the manifest is one that says so then. finish() is
/// the caller's, who may give it several. Nothing of the image is pruned meanwhile. Gives the manifest that was sent.
/// Errors name the destination, and the blob: those of the destination; what is not in the store, or damaged in it.
Result<image::Descriptor> deliver_image(const image::ImageStore& store, const image::StoredImage& image,
                                        Destination& destination, const DeliverOptions& options, Board& board);

}  // namespace caisson::transport
