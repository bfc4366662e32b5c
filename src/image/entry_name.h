// Names in an archive, taken apart before anything is opened.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace caisson::image {

/// `name` relative to the root and without "." and empty components: "/./usr//bin/" is "usr/bin", "./" is "".
/// Errors: a ".." component, an empty name, a NUL byte, or PATH_MAX bytes or more.
Result<std::string> normal_name(std::string_view name);

/// A path as its parent directory and its last component. The root itself has an empty `base`.
struct Place {
  std::string directory;
  std::string base;
};
Place place_of(const std::string& normal_name);

/// The path again: what `base` is called in `directory`, which is empty for the root.
std::string joined(const std::string& directory, const std::string& base);

}  // namespace caisson::image
