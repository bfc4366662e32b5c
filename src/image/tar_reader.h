// Reading a tar archive front to back: V7, ustar, pax and GNU's extensions, each entry with all that is said about it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <time.h>

#include "base/result.h"
#include "image/content.h"
#include "image/pax.h"
#include "image/sparse.h"
#include "image/tar_header.h"

namespace caisson::image {

/// Bytes that come in pieces.
class Chunks {
 public:
  virtual ~Chunks() = default;

  /// The next piece, valid until the next call; empty at the end, and then at every further call.
  virtual Result<std::string_view> next() = 0;

  /// Passes over the bytes that come next, up to `bytes` of them, as far as that needs no reading; gives how many.
  virtual Result<std::int64_t> pass_over(std::int64_t /*bytes*/) { return 0; }
};

enum class EntryKind { kFile, kHardLink, kSymbolicLink, kCharacterDevice, kBlockDevice, kDirectory, kFifo };

/// One entry of an archive. Names are as they stand there: nothing has been made safe.
struct TarEntry {
  EntryKind kind = EntryKind::kFile;
  std::string name;
  std::string link_target;
  std::uint32_t mode = 0;  ///< 07777 at most
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  struct timespec mtime{};
  std::int64_t size = 0;  ///< of the file when it is unpacked, with its holes
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  Attributes attributes;
  std::optional<std::string> access_acl;
  std::optional<std::string> default_acl;
  bool sparse = false;  ///< its content comes in pieces with holes between them
};

/// Call next() for an entry, data() until it gives an empty piece (or not at all), next() again.
/// Deliberately as GNU tar: an archive may end without its two zero blocks, but only between entries; links, devices,
/// directories and fifos have no data whatever their size says. Deliberately stricter: kinds of entry that are not
/// known, and the parts of a multi-volume archive, are errors.
class TarReader : public ContentReader {
 public:
  explicit TarReader(Chunks& chunks) : chunks_(chunks) {}

  /// The next entry, or nothing at the end of the archive; the archive may be followed by more bytes (padding, or
  /// garbage).
  Result<std::optional<TarEntry>> next();

  /// More content of the entry that next() gave last: valid until the next call, empty at its end.
  Result<Piece> data() override;

  /// Where the header of the last entry began, in bytes from the start of the (uncompressed) archive.
  std::int64_t offset() const { return header_at_; }

  /// Where it will read on; after next(), where the content of an entry begins that is not sparse.
  std::int64_t position() const { return position_; }

 private:
  struct Pending;  // what extension headers said about the entry to come

  Result<std::optional<std::string_view>> block_or_end();
  Result<std::string_view> block();
  Result<std::string> extension_data(std::int64_t size, std::int64_t limit);
  Result<> skip(std::int64_t bytes);
  Result<bool> take_extension(const TarHeader& header, Pending& pending);
  Result<TarEntry> entry_from(const TarHeader& header, Pending& pending);
  Result<> set_data(const TarHeader& header, Pending& pending, TarEntry& entry);
  Result<> read_old_sparse_map(std::string_view header_block, TarEntry& entry);

  Chunks& chunks_;
  std::string_view chunk_;                    // what is left of the current piece
  std::array<char, kTarBlock> straddling_{};  // a block that lies across two pieces
  std::array<char, kTarBlock> header_block_{};
  std::int64_t position_ = 0;
  std::int64_t header_at_ = 0;
  bool any_block_ = false;
  bool ended_ = false;

  std::int64_t data_left_ = 0;  // of the current entry, without padding
  std::int64_t padding_ = 0;
  std::vector<Segment> map_;  // of the current entry: one segment if it is not sparse
  std::size_t segment_ = 0;
  std::int64_t in_segment_ = 0;
  PaxRecords global_;
};

}  // namespace caisson::image
