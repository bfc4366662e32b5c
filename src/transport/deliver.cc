#include "transport/deliver.h"

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "image/blob_writer.h"
#include "image/digest.h"
#include "image/digest_name.h"
#include "image/gzip_file.h"
#include "image/limits.h"
#include "image/manifest.h"
#include "image/media_type.h"
#include "image/spool_file.h"
#include "kernel/files.h"
#include "transport/crew.h"
#include "transport/fetch.h"

namespace caisson::transport {

namespace {

Result<> send(const image::Descriptor& blob, int file, Destination& destination, Board& board) {
  const std::string label(image::hex_of(blob.digest).substr(0, 12));
  if (TRY(destination.has(blob))) {
    board.say(label, "already there");
    return {};
  }
  const std::size_t line = board.begin(label, static_cast<std::uint64_t>(blob.size), 0);
  Result<> sent = destination.put_blob(blob, file);
  if (sent) {
    board.end(line);
  } else {
    board.drop(line);
  }
  return sent;
}

// As it is sent.
Result<image::Descriptor> send_stored(const image::ImageStore& store, const image::Descriptor& blob,
                                      Destination& destination, Board& board) {
  const Fd file = TRY(kernel::open_file(store.blob_path(blob.digest), O_RDONLY));
  const std::string_view gzip_type =
      destination.wants_compressed_layers() ? image::gzip_of_plain(blob.media_type) : std::string_view();
  if (gzip_type.empty()) {
    TRY(send(blob, file.get(), destination, board));
    return blob;
  }
  const Fd partial = TRY(kernel::open_file(store.partial_path(""), O_PATH | O_DIRECTORY));
  const Fd compressed = TRY(image::spool_file(partial.get()));
  const image::Gzipped gzipped = TRY(image::gzip_file(file.get(), compressed.get()));
  // What a disk has damaged must not get a digest that says that it is right.
  if (gzipped.digests.content != blob.digest)
    return fail(complaint("it is damaged in the store: its digest is " + gzipped.digests.content,
                          "caisson system check --repair"));
  const image::Descriptor sent{.media_type = std::string(gzip_type),
                               .digest = gzipped.digests.stored,
                               .size = gzipped.size,
                               .annotations = blob.annotations};
  TRY(send(sent, compressed.get(), destination, board));
  return sent;
}

// The manifest that says what was sent: the stored one, if that is what the blobs are.
Result<FoundDocument> manifest_of(const image::ImageStore& store, const image::StoredImage& image,
                                  const std::map<std::string, image::Descriptor>& compressed) {
  if (compressed.empty()) {
    return FoundDocument{.descriptor = image.manifest_descriptor,
                         .bytes = TRY(store.read_blob(image.manifest_descriptor, image::kManifestBytes))};
  }
  image::Manifest manifest = image.manifest;
  for (image::Descriptor& layer : manifest.layers) {
    if (const auto found = compressed.find(layer.digest); found != compressed.end()) layer = found->second;
  }
  std::string bytes = image::write_manifest(manifest);
  const image::Descriptor descriptor{.media_type = manifest.media_type,
                                     .digest = TRY(image::digest_of(bytes)),
                                     .size = static_cast<std::int64_t>(bytes.size())};
  return FoundDocument{.descriptor = descriptor, .bytes = std::move(bytes)};
}

Result<image::Descriptor> deliver(const image::ImageStore& store, const image::StoredImage& image,
                                  Destination& destination, const DeliverOptions& options, Board& board) {
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
  std::mutex mutex;
  std::map<std::string, image::Descriptor> compressed;  // by the digest that it is stored under
  TRY(in_threads(blobs.size(), options.threads, [&](std::size_t i) -> Result<> {
    image::Descriptor sent = TRY_IN(blobs[i].digest, send_stored(store, blobs[i], destination, board));
    if (sent.digest == blobs[i].digest) return {};
    const std::lock_guard lock(mutex);
    compressed.emplace(blobs[i].digest, std::move(sent));
    return {};
  }));
  FoundDocument manifest = TRY(manifest_of(store, image, compressed));
  TRY(destination.put_document(manifest.descriptor, manifest.bytes, options.names));
  return std::move(manifest.descriptor);
}

}  // namespace

Result<image::Descriptor> deliver_image(const image::ImageStore& store, const image::StoredImage& image,
                                        Destination& destination, const DeliverOptions& options, Board& board) {
  return TRY_IN(destination.text(), deliver(store, image, destination, options, board));
}

}  // namespace caisson::transport
