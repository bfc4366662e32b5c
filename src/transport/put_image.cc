#include "transport/put_image.h"

#include "image/blob_writer.h"
#include "image/digest.h"
#include "image/media_type.h"
#include "image/store_names.h"

namespace caisson::transport {

namespace {

struct Stored {
  image::Descriptor descriptor;
  image::BlobHold hold;
};

Result<Stored> put_text(const image::ImageStore& store, std::string_view media_type, const std::string& text) {
  const std::string digest = TRY(image::digest_of(text));
  return Stored{.descriptor = {.media_type = std::string(media_type),
                               .digest = digest,
                               .size = static_cast<std::int64_t>(text.size())},
                .hold = TRY(image::add_blob(store, text, digest))};
}

}  // namespace

Result<Fetched> put_image(const image::ImageStore& store, const image::ImageConfig& config,
                          std::vector<image::Descriptor> layers, const std::vector<std::string>& names) {
  const Stored stored_config = TRY(put_text(store, image::media_type::kOciConfig, image::write_image_config(config)));
  const image::Manifest manifest{.media_type = std::string(image::media_type::kOciManifest),
                                 .config = stored_config.descriptor,
                                 .layers = std::move(layers)};
  const Stored stored = TRY(put_text(store, image::media_type::kOciManifest, image::write_manifest(manifest)));
  for (const std::string& name : names) TRY(image::set_name(store, name, stored.descriptor));
  if (names.empty()) TRY(image::keep_unnamed(store, stored.descriptor));
  return Fetched{.manifest = stored.descriptor, .image_id = stored_config.descriptor.digest, .warnings = {}};
}

}  // namespace caisson::transport
