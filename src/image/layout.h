// The file oci-layout, which says that a directory or an archive is an OCI image layout (image-spec image-layout.md).
// Pure.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace caisson::image {

inline constexpr std::string_view kLayoutFile = "oci-layout";
inline constexpr std::string_view kLayoutText = R"({"imageLayoutVersion":"1.0.0"})";
inline constexpr std::size_t kLayoutBytes = 4096;  ///< which it is shorter than

/// Reads the content of such a file, which an error calls `what`. Error: the layout is of a version that is not known;
/// a later 1.x would be one that readers of 1.0 can read.
Result<> check_layout(std::string_view json, std::string_view what);

}  // namespace caisson::image
