// --filter of the verbs that go through images, as docker has it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/images.h"

namespace caisson::cli {

struct ImageFilter {
  enum class Kind {
    kDangling,   ///< true: without a name; false: with one
    kLabel,      ///< has it
    kNotLabel,   ///< has it not
    kReference,  ///< a name matches: as it is written, without its tag, or as a pattern of fnmatch(3)
    kUntil,      ///< was made before that moment
  };
  Kind kind = Kind::kReference;
  std::string value = {};  ///< "true", "NAME", "NAME=VALUE", a pattern
  std::int64_t moment_ns = 0;
};

/// Reads "label!=tier=test". Errors: a key that is not known, a value that is none.
Result<ImageFilter> read_image_filter(std::string_view text);

/// Whether all of the filters let the image through.
bool passes(const std::vector<ImageFilter>& filters, const engine::ListedImage& listed);

/// The same image with those of its names alone that the filters for names let through.
engine::ListedImage matching_names(const std::vector<ImageFilter>& filters, engine::ListedImage listed);

}  // namespace caisson::cli
