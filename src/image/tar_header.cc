#include "image/tar_header.h"

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace caisson::image {

namespace {

// Offset and length of the fields.
struct Field {
  std::size_t at;
  std::size_t length;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12}, kMtime{136, 12},
    kChecksum{148, 8}, kType{156, 1}, kLinkName{157, 100}, kMagic{257, 8}, kDeviceMajor{329, 8}, kDeviceMinor{337, 8},
    kPrefix{345, 155};

std::string_view field(std::string_view block, Field which) { return block.substr(which.at, which.length); }

std::string_view text_field(std::string_view block, Field which) {
  const std::string_view all = field(block, which);
  return all.substr(0, all.find('\0'));
}

Result<std::int64_t> number_field(std::string_view block, Field which, std::string_view what) {
  const std::optional<std::int64_t> number = parse_tar_number(field(block, which));
  if (!number) return fail(complaint("the header's " + std::string(what) + " is not a number"));
  return *number;
}

std::optional<std::int64_t> parse_base256(std::string_view bytes) {
  const bool negative = static_cast<unsigned char>(bytes[0]) == 0xff;
  // Two's complement in as many bytes as there are; all above the lowest eight must be the sign, the eighth's top bit
  // too.
  std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
  for (const char c : bytes.substr(1)) {
    const auto top = static_cast<unsigned char>(value >> 56);
    if (top != (negative ? 0xff : 0)) return std::nullopt;
    value = value << 8 | static_cast<unsigned char>(c);
  }
  const auto number = static_cast<std::int64_t>(value);
  if ((number < 0) != negative) return std::nullopt;
  return number;
}

TarFormat format_of(std::string_view block) {
  const std::string_view magic = field(block, kMagic);
  if (magic == std::string_view("ustar  \0", 8)) return TarFormat::kGnu;
  if (magic.starts_with("ustar")) return TarFormat::kUstar;
  return TarFormat::kV7;
}

}  // namespace

bool is_zero_block(std::string_view block) { return block.find_first_not_of('\0') == std::string_view::npos; }

// The sum of all bytes, with the checksum field taken as spaces.
bool has_tar_checksum(std::string_view block) {
  const std::optional<std::int64_t> checksum = parse_tar_number(field(block, kChecksum));
  std::int64_t plain = 0;
  std::int64_t with_sign = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool blank = i >= kChecksum.at && i < kChecksum.at + kChecksum.length;
    plain += blank ? ' ' : static_cast<unsigned char>(block[i]);
    with_sign += blank ? ' ' : static_cast<signed char>(block[i]);
  }
  return checksum == plain || checksum == with_sign;
}

std::optional<std::int64_t> parse_tar_number(std::string_view field) {
  const auto first = static_cast<unsigned char>(field[0]);
  if (first == 0x80 || first == 0xff) return parse_base256(field);
  constexpr std::string_view kBlank(" \0", 2);
  const std::size_t from = field.find_first_not_of(kBlank);
  if (from == std::string_view::npos) return 0;
  const std::size_t end = std::min(field.find_first_of(kBlank, from), field.size());
  if (field.find_first_not_of(kBlank, end) != std::string_view::npos) return std::nullopt;
  std::uint64_t number = 0;  // at most 12 octal digits: always fits
  for (const char c : field.substr(from, end - from)) {
    if (c < '0' || c > '7') return std::nullopt;
    number = number << 3 | static_cast<std::uint64_t>(c - '0');
  }
  return static_cast<std::int64_t>(number);
}

Result<TarHeader> parse_tar_header(std::string_view block) {
  if (!has_tar_checksum(block)) return fail(complaint("the header's checksum is wrong"));
  TarHeader header;
  header.format = format_of(block);
  header.type = block[kType.at] == '\0' ? '0' : block[kType.at];
  header.name = text_field(block, kName);
  if (header.format == TarFormat::kUstar && block[kPrefix.at] != '\0') {
    header.name = std::string(text_field(block, kPrefix)) + "/" + header.name;
  }
  header.link_target = text_field(block, kLinkName);
  header.mode = static_cast<std::uint32_t>(TRY(number_field(block, kMode, "mode")) & 07777);
  header.uid = TRY(number_field(block, kUid, "uid"));
  header.gid = TRY(number_field(block, kGid, "gid"));
  header.size = TRY(number_field(block, kSize, "size"));
  header.mtime = TRY(number_field(block, kMtime, "mtime"));
  if (header.size < 0) return fail(complaint("the header's size is negative"));
  if (header.format != TarFormat::kV7) {
    header.device_major = TRY(number_field(block, kDeviceMajor, "device major"));
    header.device_minor = TRY(number_field(block, kDeviceMinor, "device minor"));
  }
  return header;
}

}  // namespace caisson::image
