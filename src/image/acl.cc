#include "image/acl.h"

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>

#include "base/text.h"

namespace caisson::image {

namespace {

constexpr std::uint32_t kNoId = 0xffffffff;

struct AclEntry {
  std::uint16_t tag;
  std::uint16_t permissions;
  std::uint32_t id;
};

std::optional<std::uint16_t> parse_permissions(std::string_view text) {
  std::uint16_t permissions = 0;
  for (const char c : text) {
    switch (c) {
      case 'r': permissions |= ACL_READ; break;
      case 'w': permissions |= ACL_WRITE; break;
      case 'x': permissions |= ACL_EXECUTE; break;
      case '-': break;
      default: return std::nullopt;
    }
  }
  return permissions;
}

std::optional<std::uint16_t> parse_tag(std::string_view word, bool named) {
  if (word == "user" || word == "u") return named ? ACL_USER : ACL_USER_OBJ;
  if (word == "group" || word == "g") return named ? ACL_GROUP : ACL_GROUP_OBJ;
  if (named) return std::nullopt;
  if (word == "mask" || word == "m") return ACL_MASK;
  if (word == "other" || word == "o") return ACL_OTHER;
  return std::nullopt;
}

std::optional<AclEntry> parse_entry(std::string_view line) {
  line = line.substr(0, line.find_first_of("#\t "));  // "#effective:r--"
  const std::vector<std::string_view> fields = split(line, ':');
  if (fields.size() < 3 || fields.size() > 4) return std::nullopt;
  const bool named = !fields[1].empty();
  const std::optional<std::uint16_t> tag = parse_tag(fields[0], named);
  const std::optional<std::uint16_t> permissions = parse_permissions(fields[2]);
  if (!tag || !permissions) return std::nullopt;
  if (!named) return AclEntry{*tag, *permissions, kNoId};
  const std::optional<std::uint64_t> id = parse_unsigned(fields.size() == 4 ? fields[3] : fields[1]);
  if (!id || *id >= kNoId) return std::nullopt;
  return AclEntry{*tag, *permissions, static_cast<std::uint32_t>(*id)};
}

void append_little_endian(std::string& bytes, std::uint32_t number, int count) {
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(number >> (8 * i) & 0xff);
}

}  // namespace

std::optional<std::string> acl_attribute(std::string_view text) {
  std::string lines(text);
  std::replace(lines.begin(), lines.end(), ',', '\n');
  std::vector<AclEntry> entries;
  for (const std::string_view line : split(lines, '\n')) {
    if (line.empty()) continue;
    const std::optional<AclEntry> entry = parse_entry(line);
    if (!entry) return std::nullopt;
    entries.push_back(*entry);
  }
  if (entries.empty()) return std::nullopt;
  // The kernel wants them by tag, and those of one tag by id.
  std::sort(entries.begin(), entries.end(),
            [](const AclEntry& a, const AclEntry& b) { return std::tie(a.tag, a.id) < std::tie(b.tag, b.id); });
  std::string attribute;
  append_little_endian(attribute, POSIX_ACL_XATTR_VERSION, 4);
  for (const AclEntry& entry : entries) {
    append_little_endian(attribute, entry.tag, 2);
    append_little_endian(attribute, entry.permissions, 2);
    append_little_endian(attribute, entry.id, 4);
  }
  return attribute;
}

std::optional<std::string> acl_text(std::string_view attribute) {
  constexpr std::size_t kHeaderBytes = 4, kEntryBytes = 8;
  const auto number = [&](std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      value |= static_cast<std::uint32_t>(static_cast<unsigned char>(attribute[at + i])) << (8 * i);
    }
    return value;
  };
  if (attribute.size() <= kHeaderBytes || (attribute.size() - kHeaderBytes) % kEntryBytes != 0) return std::nullopt;
  if (number(0, 4) != POSIX_ACL_XATTR_VERSION) return std::nullopt;
  std::string text;
  for (std::size_t at = kHeaderBytes; at < attribute.size(); at += kEntryBytes) {
    const std::uint32_t permissions = number(at + 2, 2);
    const std::string id = std::to_string(number(at + 4, 4));
    switch (number(at, 2)) {
      case ACL_USER_OBJ: text += "user::"; break;
      case ACL_USER: text += "user:" + id + ":"; break;
      case ACL_GROUP_OBJ: text += "group::"; break;
      case ACL_GROUP: text += "group:" + id + ":"; break;
      case ACL_MASK: text += "mask::"; break;
      case ACL_OTHER: text += "other::"; break;
      default: return std::nullopt;
    }
    text += (permissions & ACL_READ) != 0 ? 'r' : '-';
    text += (permissions & ACL_WRITE) != 0 ? 'w' : '-';
    text += (permissions & ACL_EXECUTE) != 0 ? 'x' : '-';
    text += '\n';
  }
  return text;
}

}  // namespace caisson::image
