#include "image/manifest.h"

#include <fmt/format.h>

#include "image/media_type.h"
#include "image/quoted.h"

namespace caisson::image {

Result<> check_is_image(const Manifest& manifest) {
  if (content_of(manifest.config.media_type) != Content::kConfig) {
    const std::string& type = manifest.artifact_type.empty() ? manifest.config.media_type : manifest.artifact_type;
    return fail(complaint(fmt::format("it is no image but an artifact of the type {}", quoted_name(type))));
  }
  for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
    const std::string& type = manifest.layers[i].media_type;
    const Content content = content_of(type);
    if (content == Content::kEncryptedLayer) {
      return fail(
          complaint(fmt::format("its layer {} is encrypted", i + 1), "`skopeo copy --decryption-key` can decrypt it"));
    }
    if (content != Content::kLayer) {
      return fail(
          complaint(fmt::format("its layer {} is of the type {}, which is not known", i + 1, quoted_name(type))));
    }
  }
  return {};
}

}  // namespace caisson::image
