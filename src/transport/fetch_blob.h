// One blob, from a source into the store.
#pragma once

#include <atomic>
#include <optional>

#include "image/blob_writer.h"
#include "transport/board.h"
#include "transport/source.h"

namespace caisson::transport {

/// Makes sure that the blob is in the store, and holds it there. What an earlier process fetched of it is gone on with;
/// if the whole turns out to be another content then, it is fetched anew, once. `label`: as `board` shall name it.
/// `stop`: set by another thread, it ends this with an error, and what came is kept. Nothing, with `how` kTry, while
/// another process fetches it. Errors name the blob by its digest: those of the source, another size, another digest.
Result<std::optional<image::BlobHold>> fetch_blob(const image::ImageStore& store, Source& source,
                                                  const image::Descriptor& blob, std::string label, Board& board,
                                                  const std::atomic<bool>& stop, kernel::Lock how);

}  // namespace caisson::transport
