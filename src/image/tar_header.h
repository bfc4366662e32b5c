// One 512-byte header block of a tar archive, as written by V7, POSIX ustar and pax (POSIX.1-2017, "pax", section
// EXTENDED DESCRIPTION) and GNU tar (its manual, "Basic Tar Format").
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace caisson::image {

inline constexpr std::size_t kTarBlock = 512;

enum class TarFormat { kV7, kUstar, kGnu };

/// The fields of a header block, as they stand there.
struct TarHeader {
  TarFormat format = TarFormat::kV7;
  char type = '0';   ///< '\0' is given as '0'
  std::string name;  ///< with the ustar prefix
  std::string link_target;
  std::uint32_t mode = 0;  ///< permission and set-id bits only
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::int64_t size = 0;   ///< never negative
  std::int64_t mtime = 0;  ///< seconds; may be negative
  std::int64_t device_major = 0;
  std::int64_t device_minor = 0;
};

/// True if the whole block is zero: the end of the archive.
bool is_zero_block(std::string_view block);

/// True if the block's checksum is that of a header. Some old tars added signed bytes: both sums are right, as for GNU
/// tar.
bool has_tar_checksum(std::string_view block);

/// Reads a block of kTarBlock bytes. Errors: a wrong checksum, a field that is no number, a negative or too large size.
Result<TarHeader> parse_tar_header(std::string_view block);

/// A numeric field: octal digits between spaces or NULs, or GNU's base-256 (first byte 0x80, or 0xff for a negative
/// number). A blank field is 0, as in V7 archives. Nothing if it is neither, or does not fit in 64 bits.
std::optional<std::int64_t> parse_tar_number(std::string_view field);

}  // namespace caisson::image
