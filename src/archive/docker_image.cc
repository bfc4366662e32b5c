#include "archive/docker_image.h"

#include <fmt/format.h>

#include "archive/archive_file.h"
#include "image/digest.h"
#include "image/image_config.h"
#include "image/limits.h"
#include "image/manifest.h"
#include "image/media_type.h"
#include "image/quoted.h"

namespace caisson::archive {

using image::Compression;

Result<LayerBlobs::Blob> LayerBlobs::get(const std::string& name, const std::string& diff_id) {
  const Extent extent = TRY(require(files_, name));
  const auto blob = [](std::string_view media_type, std::string digest, const Extent& content) {
    return Blob{{.media_type = std::string(media_type), .digest = std::move(digest), .size = content.size}, content};
  };
  switch (TRY_IN(image::quoted_name(name), compression_of(extent))) {
    case Compression::kNone: return blob(image::media_type::kOciLayer, diff_id, extent);
    case Compression::kGzip: return blob(image::media_type::kOciLayerGzip, TRY(digest_of_stored(extent)), extent);
    case Compression::kZstd: return blob(image::media_type::kOciLayerZstd, TRY(digest_of_stored(extent)), extent);
    case Compression::kXz:
    case Compression::kBzip2: break;
  }
  const auto known = content_.find(extent.offset);
  if (known != content_.end()) return blob(image::media_type::kOciLayer, diff_id, known->second);
  const Extent content = TRY_IN(image::quoted_name(name), decompressed(extent, spool_));
  content_.emplace(extent.offset, content);
  return blob(image::media_type::kOciLayer, diff_id, content);
}

Result<std::string> LayerBlobs::digest_of_stored(const Extent& extent) {
  std::string& digest = stored_[extent.offset];
  if (digest.empty()) digest = TRY(digest_of(extent));
  return digest;
}

Result<FilesSource::Parts> docker_image(const std::shared_ptr<const Files>& files, const DockerConfig& config,
                                        const std::vector<std::string>& layers, LayerBlobs& blobs) {
  const std::vector<std::string> diff_ids = TRY_IN(config.shown, image::read_image_config(config.bytes)).diff_ids;
  if (layers.size() != diff_ids.size()) {
    return fail(in(config.shown, complaint(fmt::format("it tells of {} layers, and the archive has {} for it",
                                                       diff_ids.size(), layers.size()))));
  }
  FilesSource::Parts parts{.files = files, .text = {}, .top = {}, .document_name = {}, .blob_name = {}};
  image::Manifest manifest{.media_type = std::string(image::media_type::kOciManifest),
                           .config = {.media_type = std::string(image::media_type::kOciConfig),
                                      .digest = TRY(image::digest_of(config.bytes)),
                                      .size = static_cast<std::int64_t>(config.bytes.size())},
                           .layers = {}};
  parts.extents.emplace(manifest.config.digest, config.extent);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    LayerBlobs::Blob blob = TRY(blobs.get(layers[i], diff_ids[i]));
    parts.extents.emplace(blob.descriptor.digest, std::move(blob.extent));
    manifest.layers.push_back(std::move(blob.descriptor));
  }
  transport::Document top{.bytes = image::write_manifest(manifest), .media_type = manifest.media_type};
  if (top.bytes.size() > image::kManifestBytes) return fail(complaint("it has more layers than a manifest can hold"));
  parts.top = [top = std::move(top)] { return Result<transport::Document>(top); };
  parts.document_name = parts.blob_name = [](const std::string& digest) { return digest; };  // there are no others
  return parts;
}

}  // namespace caisson::archive
