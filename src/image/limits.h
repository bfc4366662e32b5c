// How large a document of an image may be: what a registry or an archive can make caisson hold in memory.
#pragma once

#include <cstddef>

namespace caisson::image {

inline constexpr std::size_t kManifestBytes = 4U << 20;  ///< manifests and indexes, as registries bound them
inline constexpr std::size_t kConfigBytes = 8U << 20;    ///< an image's config, which tells its whole history

}  // namespace caisson::image
