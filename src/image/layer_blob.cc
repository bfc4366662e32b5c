#include "image/layer_blob.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/digest.h"
#include "image/extract.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

Result<> check_size(const LayerBlob& layer, int blob) {
  struct stat status{};
  if (::fstat(blob, &status) != 0) return fail(os_error("fstat", layer.path));
  if (!S_ISREG(status.st_mode)) return fail(complaint("this is not a file"));
  if (static_cast<std::uint64_t>(status.st_size) == layer.size) return {};
  return fail(
      complaint(fmt::format("it has {} bytes, not {} as the image's manifest says", status.st_size, layer.size)));
}

Error wrong_blob(const LayerBlob& layer, const std::string& digest) {
  return complaint(fmt::format("it has the digest {}, not {} as the image's manifest says", digest, layer.digest));
}

Result<UnpackedTree> unpack_entries(const LayerBlob& layer, Fd tree, LayerWork& work, Pipeline& pipeline) {
  TarReader reader(pipeline);
  Extractor extractor(std::move(tree), ::geteuid() == 0 ? Privilege::kRoot : Privilege::kUser, work.owners,
                      std::move(work.lower));
  TRY(extractor.begin());
  while (const std::optional<TarEntry> entry = TRY(reader.next())) {
    if (work.cancelled != nullptr && *work.cancelled) return fail(complaint("another layer could not be unpacked"));
    TRY(extractor.apply(*entry, reader));
  }
  const Digests digests = TRY(pipeline.drain());
  if (digests.stored != layer.digest) return fail(wrong_blob(layer, digests.stored));
  if (digests.content != layer.diff_id) {
    return fail(
        complaint(fmt::format("the archive in it has the digest {}, not the DiffID {} of the image's configuration",
                              digests.content, layer.diff_id)));
  }
  TRY(extractor.finish());
  return UnpackedTree{.notes = extractor.notes(), .bytes = extractor.bytes()};
}

Result<UnpackedTree> unpack(const LayerBlob& layer, int blob, Fd tree, LayerWork& work) {
  TRY(check_size(layer, blob));
  Hashes hashes{.stored = TRY(Sha256::start()), .content = TRY(Sha256::start())};
  Pipeline pipeline(blob, layer.size, std::move(hashes), std::move(work.tell));
  Result<UnpackedTree> unpacked = unpack_entries(layer, std::move(tree), work, pipeline);
  if (unpacked || (work.cancelled != nullptr && *work.cancelled)) return unpacked;
  // A blob that is not the right one is most likely what is wrong.
  const Result<std::string> digest = pipeline.stored_digest();
  if (digest && *digest != layer.digest) return fail(wrong_blob(layer, *digest));
  return unpacked;
}

}  // namespace

Result<UnpackedTree> unpack_layer_blob(const LayerBlob& layer, Fd tree, LayerWork work) {
  const Fd blob = TRY(kernel::open_file(layer.path, O_RDONLY | O_NOCTTY));
  return TRY_IN(layer.path, unpack(layer, blob.get(), std::move(tree), work));
}

}  // namespace caisson::image
