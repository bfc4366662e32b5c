// From a file as it is stored to the archive in it: plain, gzip, zstd, xz or bzip2, told apart by their first bytes.
#pragma once

#include <cstdint>
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

/// How many bytes the decompressor of a file that begins with `first` takes at the most for what it looks back at, up
/// to some ten thousand. Of zstd that is what the first frame asks for, or 8 MiB; what asks for more later is refused.
std::uint64_t bytes_to_decompress(std::string_view first);

/// How much of a file bytes_to_decompress() has to see, to tell the same as what decompresses it.
inline constexpr std::size_t kFirstBytes = std::size_t{128} << 10;

/// Where compressed bytes come from.
class Input {
 public:
  virtual ~Input() = default;

  /// The next piece, valid until the next call; empty at the end, and then at every further call. Of a first one
  /// that is shorter than kFirstBytes, all that it asks for may not be seen.
  virtual Result<std::string_view> more() = 0;
};

/// What comes out. Several members or frames one after the other are one; zeros after the last one are padding.
class Decompressor {
 public:
  virtual ~Decompressor() = default;

  /// Fills `output` as far as there is something: less than all of it only at the end. Errors: damaged, cut off,
  /// followed by garbage, or made so that it takes more than 40 MiB (xz) or a window of more than 32 MiB (zstd).
  virtual Result<std::size_t> fill(std::span<char> output) = 0;
};

/// The right one for what `input` begins with; plain if nothing is recognised.
Result<std::unique_ptr<Decompressor>> open_decompressor(Input& input);

}  // namespace caisson::image
