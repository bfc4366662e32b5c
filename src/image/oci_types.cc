#include "image/oci_types.h"

#include <algorithm>
#include <array>

#include "image/media_type.h"

namespace caisson::image {

namespace {

using namespace media_type;

struct Same {
  std::string_view docker;
  std::string_view oci;
};
constexpr std::array kSame = {
    Same{kDockerIndex, kOciIndex},
    Same{kDockerManifest, kOciManifest},
    Same{kDockerConfig, kOciConfig},
    Same{kDockerLayer, kOciLayer},
    Same{kDockerLayerGzip, kOciLayerGzip},
    Same{kDockerLayerZstd, kOciLayerZstd},
    Same{"application/vnd.docker.image.rootfs.foreign.diff.tar",
         "application/vnd.oci.image.layer.nondistributable.v1.tar"},
    Same{"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
         "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"},
    Same{"application/vnd.docker.image.rootfs.foreign.diff.tar.zstd",
         "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"},
};

}  // namespace

std::string oci_media_type(const std::string& media_type) {
  const auto same = std::ranges::find(kSame, media_type, &Same::docker);
  return same == kSame.end() ? media_type : std::string(same->oci);
}

Manifest in_oci_types(Manifest manifest) {
  manifest.media_type = oci_media_type(manifest.media_type);
  manifest.config.media_type = oci_media_type(manifest.config.media_type);
  for (Descriptor& layer : manifest.layers) layer.media_type = oci_media_type(layer.media_type);
  return manifest;
}

Index in_oci_types(Index index, const std::map<std::string, Descriptor>& converted) {
  index.media_type = oci_media_type(index.media_type);
  for (Descriptor& manifest : index.manifests) {
    const auto found = converted.find(manifest.digest);
    if (found == converted.end()) continue;
    manifest.media_type = found->second.media_type;
    manifest.digest = found->second.digest;
    manifest.size = found->second.size;
  }
  return index;
}

}  // namespace caisson::image
