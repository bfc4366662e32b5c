// Manifest or index: what a registry or a layout hands out under a name. Pure.
#pragma once

#include <string_view>
#include <variant>

#include "base/result.h"
#include "image/index.h"
#include "image/manifest.h"

namespace caisson::image {

using ManifestOrIndex = std::variant<Manifest, Index>;

/// Reads what is either. `media_type` as for read_manifest(); one that says nothing ("application/json", "text/plain")
/// is passed over.
Result<ManifestOrIndex> read_manifest_or_index(std::string_view json, std::string_view media_type = {});

}  // namespace caisson::image
