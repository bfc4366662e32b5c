#include "image/tar_reader.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "image/quoted.h"

namespace caisson::image {

namespace {

constexpr std::int64_t kBlock = kTarBlock;
constexpr std::int64_t kMaxName = 1 << 20;  // of a GNU long name; the kernel takes 4 KiB
constexpr std::int64_t kMaxPax = 16 << 20;  // sparse maps and attributes can be long

std::int64_t padding_after(std::int64_t size) { return (kBlock - size % kBlock) % kBlock; }

Error truncated() { return complaint("the archive breaks off"); }

// Ids are 32 bits; the highest means "leave as it is" to chown(2).
Result<std::uint32_t> id(std::int64_t number, std::string_view what) {
  if (number < 0 || number >= 0xffffffff)
    return fail(complaint(fmt::format("the {} {} is out of range", what, number)));
  return static_cast<std::uint32_t>(number);
}

Result<std::uint32_t> device_number(std::int64_t number) {
  if (number < 0 || number > 0xffffffff)
    return fail(complaint(fmt::format("the device number {} is out of range", number)));
  return static_cast<std::uint32_t>(number);
}

Result<EntryKind> kind_of(const TarHeader& header) {
  switch (header.type) {
    case '0':
    case '7':  // contiguous: what that once meant is gone
    case 'S': return EntryKind::kFile;
    case '1': return EntryKind::kHardLink;
    case '2': return EntryKind::kSymbolicLink;
    case '3': return EntryKind::kCharacterDevice;
    case '4': return EntryKind::kBlockDevice;
    case '5':
    case 'D': return EntryKind::kDirectory;
    case '6': return EntryKind::kFifo;
    case 'M': return fail(complaint("the archive is a later part of a multi-volume archive"));
    default:
      return fail(complaint(fmt::format("the entry is of the unknown type '{}' (0x{:02x})",
                                        header.type >= 0x20 && header.type < 0x7f ? header.type : '?',
                                        static_cast<unsigned char>(header.type))));
  }
}

// A GNU long name: text that ends with a NUL.
Result<std::string> long_name(Result<std::string> data) {
  std::string text = TRY(std::move(data));
  text.resize(std::min(text.size(), text.find_last_not_of('\0') + 1));
  if (text.find('\0') != std::string::npos) return fail(complaint("the name has a NUL byte in it"));
  return text;
}

}  // namespace

struct TarReader::Pending {
  std::optional<std::string> name;
  std::optional<std::string> link_target;
  PaxRecords pax;
  bool any = false;
};

Result<std::optional<std::string_view>> TarReader::block_or_end() {
  if (chunk_.empty()) chunk_ = TRY(chunks_.next());
  if (chunk_.empty()) return std::nullopt;
  position_ += kBlock;
  if (chunk_.size() >= kTarBlock) {
    const std::string_view whole = chunk_.substr(0, kTarBlock);
    chunk_.remove_prefix(kTarBlock);
    return whole;
  }
  std::size_t have = 0;
  while (have < kTarBlock) {
    if (chunk_.empty()) chunk_ = TRY(chunks_.next());
    if (chunk_.empty()) return fail(truncated());
    const std::size_t part = std::min(chunk_.size(), kTarBlock - have);
    std::memcpy(straddling_.data() + have, chunk_.data(), part);
    chunk_.remove_prefix(part);
    have += part;
  }
  return std::string_view(straddling_.data(), kTarBlock);
}

Result<std::string_view> TarReader::block() {
  const std::optional<std::string_view> next = TRY(block_or_end());
  if (!next) return fail(truncated());
  return *next;
}

Result<> TarReader::skip(std::int64_t bytes) {
  while (bytes > 0) {
    if (chunk_.empty()) {
      const std::int64_t passed = TRY(chunks_.pass_over(bytes));
      bytes -= passed;
      position_ += passed;
      if (bytes == 0) break;
      chunk_ = TRY(chunks_.next());
    }
    if (chunk_.empty()) return fail(truncated());
    const auto part = std::min(static_cast<std::int64_t>(chunk_.size()), bytes);
    chunk_.remove_prefix(static_cast<std::size_t>(part));
    bytes -= part;
    position_ += part;
  }
  return {};
}

Result<std::string> TarReader::extension_data(std::int64_t size, std::int64_t limit) {
  if (size > limit) return fail(complaint(fmt::format("an extension header says that it has {} bytes", size)));
  std::string text;
  for (std::int64_t left = size; left > 0; left -= kBlock) {
    text += TRY(block()).substr(0, static_cast<std::size_t>(std::min(left, kBlock)));
  }
  return text;
}

// Headers that describe the entry to come, or nothing that is unpacked. False for an entry.
Result<bool> TarReader::take_extension(const TarHeader& header, Pending& pending) {
  switch (header.type) {
    case 'L': pending.name = TRY(long_name(extension_data(header.size, kMaxName))); break;
    case 'K': pending.link_target = TRY(long_name(extension_data(header.size, kMaxName))); break;
    case 'x':
    case 'X': {
      const std::string records = TRY(extension_data(header.size, kMaxPax));
      TRY(parse_pax_records(records, pending.pax));
      break;
    }
    case 'g': {
      const std::string records = TRY(extension_data(header.size, kMaxPax));
      TRY(parse_global_pax_records(records, global_));
      return true;
    }
    case 'V': return true;  // the label of the volume
    default: return false;
  }
  pending.any = true;
  return true;
}

Result<std::optional<TarEntry>> TarReader::next() {
  TRY(skip(data_left_ + padding_));
  data_left_ = padding_ = 0;
  map_.clear();
  segment_ = 0;
  in_segment_ = 0;
  Pending pending;
  while (!ended_) {
    header_at_ = position_;
    const std::optional<std::string_view> raw = TRY(block_or_end());
    if (!raw && !any_block_) return fail(complaint("the archive is empty"));
    if (!raw || is_zero_block(*raw)) {
      if (pending.any) return fail(truncated());
      ended_ = true;
      break;
    }
    std::memcpy(header_block_.data(), raw->data(), kTarBlock);
    if (!any_block_ && !has_tar_checksum(*raw)) {
      return fail(complaint("this is not a tar archive, nor one compressed with gzip, zstd, xz or bzip2"));
    }
    const TarHeader header = TRY_IN(fmt::format("at byte {}", header_at_), parse_tar_header(*raw));
    any_block_ = true;
    if (TRY(take_extension(header, pending))) continue;
    const std::string name =
        quoted_name(pending.pax.sparse_name.value_or(pending.pax.path.value_or(pending.name.value_or(header.name))));
    return TRY_IN(name, entry_from(header, pending));
  }
  return std::nullopt;
}

Result<TarEntry> TarReader::entry_from(const TarHeader& header, Pending& pending) {
  PaxRecords& pax = pending.pax;
  TarEntry entry;
  entry.kind = TRY(kind_of(header));
  entry.name = pax.sparse_name ? *pax.sparse_name : pax.path ? *pax.path : pending.name ? *pending.name : header.name;
  entry.link_target = pax.link_target       ? *pax.link_target
                      : pending.link_target ? *pending.link_target
                                            : header.link_target;
  entry.mode = header.mode;
  entry.uid = TRY(id(pax.uid.value_or(global_.uid.value_or(header.uid)), "uid"));
  entry.gid = TRY(id(pax.gid.value_or(global_.gid.value_or(header.gid)), "gid"));
  entry.mtime = pax.mtime.value_or(global_.mtime.value_or(timespec{.tv_sec = header.mtime, .tv_nsec = 0}));
  if (entry.kind == EntryKind::kCharacterDevice || entry.kind == EntryKind::kBlockDevice) {
    entry.device_major = TRY(device_number(header.device_major));
    entry.device_minor = TRY(device_number(header.device_minor));
  }
  entry.attributes = std::move(pax.attributes);
  entry.access_acl = std::move(pax.access_acl);
  entry.default_acl = std::move(pax.default_acl);
  TRY(set_data(header, pending, entry));

  // Before POSIX a directory was a file whose name ends with a slash. One with data would be read differently by every
  // tar.
  if (entry.kind == EntryKind::kFile && entry.name.ends_with('/')) {
    if (data_left_ != 0 || entry.sparse) return fail(complaint("the entry has a directory's name and a file's data"));
    entry.kind = EntryKind::kDirectory;
  }
  return entry;
}

// Finds out where the data of the entry are and lets data() know.
Result<> TarReader::set_data(const TarHeader& header, Pending& pending, TarEntry& entry) {
  PaxRecords& pax = pending.pax;
  if (entry.kind != EntryKind::kFile && header.type != 'D') return {};
  const std::int64_t stored = pax.size.value_or(header.size);
  if (stored > INT64_MAX - kBlock) return fail(complaint(fmt::format("the size {} is out of range", stored)));
  data_left_ = stored;
  padding_ = padding_after(stored);
  if (header.type == 'D') return {};

  entry.size = stored;
  if (header.type == 'S') {
    TRY(read_old_sparse_map({header_block_.data(), header_block_.size()}, entry));
  } else if (pax.sparse_major == 1 && pax.sparse_minor == 0) {
    SparseMapReader reader;
    bool whole = false;
    while (!whole) {
      if (data_left_ < kBlock) return fail(complaint("the map of the sparse file is longer than its data"));
      const std::string_view part = TRY(block());
      whole = TRY(reader.feed(part));
      data_left_ -= kBlock;
    }
    entry.sparse = true;
    map_ = std::move(reader).take();
  } else if (pax.sparse_count || !pax.sparse_map.empty()) {
    entry.sparse = true;
    map_ = std::move(pax.sparse_map);
  } else if (pax.sparse_major || pax.sparse_minor) {
    return fail(complaint("the sparse file is in a format that is not known"));
  }
  if (!entry.sparse) {
    map_.assign(1, {.offset = 0, .length = data_left_});
  } else {
    if (header.type != 'S') {
      if (!pax.sparse_real_size) return fail(complaint("the sparse file has no size"));
      entry.size = *pax.sparse_real_size;
    }
    TRY(check_sparse_map(map_, entry.size, data_left_));
  }
  return {};
}

// Four pairs in the header, then blocks of 21 as long as each says that another follows; offsets are those of GNU tar's
// struct oldgnu_header and struct sparse_header.
Result<> TarReader::read_old_sparse_map(std::string_view header_block, TarEntry& entry) {
  constexpr std::size_t kPairsAt = 386, kPairs = 4, kExtendedAt = 482, kRealSizeAt = 483, kNumber = 12;
  constexpr std::size_t kMorePairs = 21, kMoreExtendedAt = 504;
  entry.sparse = true;
  const std::optional<std::int64_t> real_size = parse_tar_number(header_block.substr(kRealSizeAt, kNumber));
  if (!real_size || *real_size < 0) return fail(complaint("the sparse file's size is not a number"));
  entry.size = *real_size;
  TRY(add_old_sparse_pairs(header_block, kPairsAt, kPairs, map_));
  bool more = header_block[kExtendedAt] != '\0';
  while (more) {
    const std::string_view extension = TRY(block());
    TRY(add_old_sparse_pairs(extension, 0, kMorePairs, map_));
    more = extension[kMoreExtendedAt] != '\0';
  }
  return {};
}

Result<Piece> TarReader::data() {
  while (segment_ < map_.size() && in_segment_ == map_[segment_].length) {
    ++segment_;
    in_segment_ = 0;
  }
  if (segment_ == map_.size()) return Piece{.offset = 0, .bytes = {}};
  if (chunk_.empty()) chunk_ = TRY(chunks_.next());
  if (chunk_.empty()) return fail(truncated());
  const auto part = std::min(static_cast<std::int64_t>(chunk_.size()), map_[segment_].length - in_segment_);
  const Piece piece{.offset = map_[segment_].offset + in_segment_,
                    .bytes = chunk_.substr(0, static_cast<std::size_t>(part))};
  chunk_.remove_prefix(static_cast<std::size_t>(part));
  in_segment_ += part;
  data_left_ -= part;
  position_ += part;
  return piece;
}

}  // namespace caisson::image
