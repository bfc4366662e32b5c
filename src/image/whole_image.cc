#include "image/whole_image.h"

#include <sys/stat.h>

#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "image/chain_id.h"
#include "image/digest.h"
#include "image/digest_name.h"
#include "image/image_config.h"
#include "image/limits.h"
#include "image/manifest_kind.h"
#include "image/reachable.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

Result<std::string> read_hashed(const ImageStore& store, const Descriptor& blob, std::size_t limit_bytes) {
  std::string text = TRY(store.read_blob(blob, limit_bytes));
  const std::string digest = TRY(digest_of(text));
  if (digest == blob.digest) return text;
  return fail(
      in(store.blob_path(blob.digest), complaint(fmt::format("it has the digest {}, not that of its name", digest))));
}

}  // namespace

Result<WholeImage> read_whole_image(const ImageStore& store, const std::string& digest) {
  TRY_IN("manifest", check_digest(digest));
  struct stat status{};
  const std::string path = store.blob_path(digest);
  if (::lstat(path.c_str(), &status) != 0) return fail(os_error("lstat", path));
  const std::string text =
      TRY(read_hashed(store, {.media_type = {}, .digest = digest, .size = status.st_size}, kManifestBytes));
  WholeImage image{.digest = digest, .manifest = TRY_IN(digest, read_manifest(text)), .diff_ids = {}, .chain_ids = {}};
  TRY_IN(digest, check_is_image(image.manifest));
  const std::string config = TRY(read_hashed(store, image.manifest.config, kConfigBytes));
  const ImageConfig read = TRY_IN(image.manifest.config.digest, read_image_config(config));
  TRY_IN(digest, check_layers(image.manifest, read));
  image.diff_ids = read.diff_ids;
  image.chain_ids = TRY(chain_ids(read.diff_ids, digest_of));
  return image;
}

Result<std::map<std::string, WholeImage>> read_whole_images(const ImageStore& store) {
  std::map<std::string, WholeImage> images;
  for (const std::string& digest : TRY(reachable_blobs(store))) {
    const auto status = kernel::status_of(store.blob_path(digest));
    if (!status || std::cmp_greater(status->st_size, kManifestBytes)) continue;
    Result<WholeImage> image = read_whole_image(store, digest);  // most are layers and configs
    if (!image) continue;
    std::string id = image->id();
    images.emplace(std::move(id), *std::move(image));
  }
  return images;
}

}  // namespace caisson::image
