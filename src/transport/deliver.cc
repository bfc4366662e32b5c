#include "transport/deliver.h"

#include <fcntl.h>

#include <algorithm>

#include "image/blob_writer.h"
#include "image/digest_name.h"
#include "image/limits.h"
#include "kernel/files.h"
#include "transport/crew.h"

namespace caisson::transport {

namespace {

Result<> send(const image::ImageStore& store, const image::Descriptor& blob, Destination& destination, Board& board) {
  const std::string label(image::hex_of(blob.digest).substr(0, 12));
  if (TRY(destination.has(blob))) {
    board.say(label, "already there");
    return {};
  }
  const Fd file = TRY(kernel::open_file(store.blob_path(blob.digest), O_RDONLY));
  const std::size_t line = board.begin(label, static_cast<std::uint64_t>(blob.size), 0);
  Result<> sent = destination.put_blob(blob, file.get());
  if (sent) {
    board.end(line);
  } else {
    board.drop(line);
  }
  return sent;
}

Result<> deliver(const image::ImageStore& store, const image::StoredImage& image, Destination& destination,
                 const DeliverOptions& options, Board& board) {
  std::vector<image::Descriptor> blobs;
  for (const image::Descriptor& layer : image.manifest.layers) {
    if (std::ranges::find(blobs, layer.digest, &image::Descriptor::digest) == blobs.end()) blobs.push_back(layer);
  }
  blobs.push_back(image.manifest.config);
  std::vector<image::BlobHold> holds;
  blobs.push_back(image.manifest_descriptor);
  for (const image::Descriptor& blob : blobs) {
    std::optional<image::BlobHold> hold = TRY(image::hold_blob(store, blob));
    if (!hold) return fail(in(blob.digest, complaint("it is not in the store, or has another size than it should")));
    holds.push_back(*std::move(hold));
  }
  blobs.pop_back();
  TRY(in_threads(blobs.size(), options.threads, [&](std::size_t i) -> Result<> {
    TRY_IN(blobs[i].digest, send(store, blobs[i], destination, board));
    return {};
  }));
  const std::string manifest = TRY(store.read_blob(image.manifest_descriptor, image::kManifestBytes));
  return destination.put_document(image.manifest_descriptor, manifest, options.names);
}

}  // namespace

Result<> deliver_image(const image::ImageStore& store, const image::StoredImage& image, Destination& destination,
                       const DeliverOptions& options, Board& board) {
  TRY_IN(destination.text(), deliver(store, image, destination, options, board));
  return {};
}

}  // namespace caisson::transport
