// What points to a blob (image-spec descriptor.md). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/platform.h"

namespace caisson::image {

using Annotations = std::map<std::string, std::string>;

/// The annotation that names an image in the index of a layout.
inline constexpr std::string_view kRefName = "org.opencontainers.image.ref.name";

struct Descriptor {
  std::string media_type;
  std::string digest;     ///< "sha256:HEX", checked
  std::int64_t size = 0;  ///< in bytes, not negative
  std::string artifact_type = {};
  std::vector<std::string> urls = {};  ///< where else the blob is
  Annotations annotations = {};
  std::optional<Platform> platform = std::nullopt;

  bool operator==(const Descriptor&) const = default;
};

}  // namespace caisson::image
