// Media types of image-spec and of Docker's schema 2, which says the same in other words. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace caisson::image {

namespace media_type {
inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kOciConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kOciLayer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view kOciLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view kOciLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr std::string_view kDockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view kDockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
inline constexpr std::string_view kDockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";
inline constexpr std::string_view kDockerLayerZstd = "application/vnd.docker.image.rootfs.diff.tar.zstd";
}  // namespace media_type

/// What a blob of a media type is.
enum class Content {
  kIndex,
  kManifest,
  kSchema1,         ///< Docker's manifest of before 2016, which names no config
  kConfig,          ///< of an image
  kLayer,           ///< a tar archive, compressed or not
  kEncryptedLayer,  ///< one that only a holder of the key can read (ocicrypt)
  kOther,
};
Content content_of(std::string_view media_type);

/// True for a layer that a registry need not hand out: its descriptor says where else it is ("foreign").
bool is_nondistributable(std::string_view layer_type);

/// What a layer of this type becomes when it is compressed with gzip; empty if it is one already, or none that a
/// registry hands out.
std::string_view gzip_of_plain(std::string_view layer_type);

/// `media_type` without parameters ("; charset=utf-8") and in lower case, as a Content-Type is compared.
std::string plain_media_type(std::string_view media_type);

/// True if it has the form TYPE/SUBTYPE (RFC 6838, section 4.2).
bool is_media_type(std::string_view text);

/// The types of manifests and indexes that can be read, best first: for the header Accept.
inline constexpr std::array kReadableManifests = {media_type::kOciIndex, media_type::kDockerIndex,
                                                  media_type::kOciManifest, media_type::kDockerManifest};

}  // namespace caisson::image
