#include "image/media_type.h"

#include <algorithm>
#include <array>

namespace caisson::image {

namespace {

using namespace media_type;

struct Known {
  std::string_view type;
  Content content;
};
constexpr std::array kKnown = {
    Known{kOciIndex, Content::kIndex},
    Known{kDockerIndex, Content::kIndex},
    Known{kOciManifest, Content::kManifest},
    Known{kDockerManifest, Content::kManifest},
    Known{"application/vnd.docker.distribution.manifest.v1+json", Content::kSchema1},
    Known{"application/vnd.docker.distribution.manifest.v1+prettyjws", Content::kSchema1},
    Known{kOciConfig, Content::kConfig},
    Known{kDockerConfig, Content::kConfig},
    Known{kOciLayer, Content::kLayer},
    Known{kOciLayerGzip, Content::kLayer},
    Known{kOciLayerZstd, Content::kLayer},
    Known{kDockerLayer, Content::kLayer},
    Known{kDockerLayerGzip, Content::kLayer},
    Known{kDockerLayerZstd, Content::kLayer},
    Known{"application/vnd.oci.image.layer.nondistributable.v1.tar", Content::kLayer},
    Known{"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", Content::kLayer},
    Known{"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", Content::kLayer},
    Known{"application/vnd.docker.image.rootfs.foreign.diff.tar", Content::kLayer},
    Known{"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", Content::kLayer},
    Known{"application/vnd.docker.image.rootfs.foreign.diff.tar.zstd", Content::kLayer},
};

}  // namespace

Content content_of(std::string_view media_type) {
  const auto known = std::ranges::find(kKnown, media_type, &Known::type);
  if (known != kKnown.end()) return known->content;
  constexpr std::string_view kEncrypted = "+encrypted";
  if (media_type.ends_with(kEncrypted) &&
      content_of(media_type.substr(0, media_type.size() - kEncrypted.size())) == Content::kLayer) {
    return Content::kEncryptedLayer;
  }
  return Content::kOther;
}

std::string_view gzip_of_plain(std::string_view layer_type) {
  if (layer_type == media_type::kOciLayer) return media_type::kOciLayerGzip;
  if (layer_type == media_type::kDockerLayer) return media_type::kDockerLayerGzip;
  return "";
}

bool is_nondistributable(std::string_view layer_type) {
  return layer_type.find(".nondistributable.") != std::string_view::npos ||
         layer_type.find(".foreign.") != std::string_view::npos;
}

std::string plain_media_type(std::string_view media_type) {
  std::string plain(media_type.substr(0, media_type.find(';')));
  std::erase_if(plain, [](char c) { return c == ' ' || c == '\t'; });
  for (char& c : plain) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return plain;
}

bool is_media_type(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == text.size() || text.size() > 255) return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&-^_.+", slash + 1) ==
             std::string_view::npos &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&-^_.+") == slash;
}

}  // namespace caisson::image
