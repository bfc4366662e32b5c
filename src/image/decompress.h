// From a file as it is stored to the archive in it: plain, gzip, zstd, xz or bzip2, told apart by their first bytes.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"

namespace caisson::image {

enum class Compression { kNone, kGzip, kZstd, kXz, kBzip2 };

/// How many bytes of a file tell how it is compressed.
inline constexpr std::size_t kCompressionMagicBytes = 6;

/// What a file is that begins with these bytes.
Compression compression_of(std::string_view first);

/// Where compressed bytes come from.
class Input {
 public:
  virtual ~Input() = default;

  /// The next piece, valid until the next call; empty at the end, and then at every further call.
  virtual Result<std::string_view> more() = 0;
};

/// What comes out. Several members or frames one after the other are one; zeros after the last one are padding.
class Decompressor {
 public:
  virtual ~Decompressor() = default;

  /// Fills `output` as far as there is something: less than all of it only at the end. Errors: damaged, cut off,
  /// followed by garbage, or made so that it takes more than 100 MiB (xz) or a window of more than 64 MiB (zstd).
  virtual Result<std::size_t> fill(std::span<char> output) = 0;
};

/// The right one for what `input` begins with; plain if nothing is recognised.
Result<std::unique_ptr<Decompressor>> open_decompressor(Input& input);

}  // namespace caisson::image
