// An index of images (image-spec image-index.md), and Docker's manifest list. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/descriptor.h"

namespace caisson::image {

struct Index {
  std::string media_type;  ///< media_type::kOciIndex or kDockerIndex
  std::string artifact_type = {};
  std::vector<Descriptor> manifests;
  std::optional<Descriptor> subject = std::nullopt;
  Annotations annotations = {};

  bool operator==(const Index&) const = default;
};

/// Reads an index, as read_manifest() does a manifest.
Result<Index> read_index(std::string_view json, std::string_view media_type = {});

std::string write_index(const Index& index);

/// The manifest, or index, of the best platform of `fitting` (fitting(), fitting_host()); of two for the same, the
/// first. One without a platform is taken if no other fits: its config tells. The error tells which platforms there
/// are.
Result<Descriptor> choose(const Index& index, const std::vector<Platform>& fitting);

}  // namespace caisson::image
