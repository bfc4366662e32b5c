// The content of a file, wherever it comes from.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace caisson::image {

/// A piece of a file's content.
struct Piece {
  std::int64_t offset;
  std::string_view bytes;
};

/// A file's content in ascending pieces; what lies between them is a hole.
class ContentReader {
 public:
  virtual ~ContentReader() = default;

  /// The next piece, valid until the next call; an empty one at the end.
  virtual Result<Piece> data() = 0;
};

}  // namespace caisson::image
