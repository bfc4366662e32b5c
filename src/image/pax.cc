#include "image/pax.h"

#include <algorithm>

#include "base/text.h"

namespace caisson::image {

namespace {

Result<std::int64_t> number(std::string_view key, std::string_view value) {
  const std::optional<std::int64_t> parsed = parse_signed(value);
  if (!parsed || *parsed < 0) {
    return fail(
        complaint("the pax record " + std::string(key) + " is not a whole number: '" + std::string(value) + "'"));
  }
  return *parsed;
}

Result<> set_number(std::string_view key, std::string_view value, std::optional<std::int64_t>& field) {
  if (value.empty()) {
    field.reset();
  } else {
    field = TRY(number(key, value));
  }
  return {};
}

Result<> set_text(std::string_view key, std::string_view value, std::optional<std::string>& field) {
  if (value.find('\0') != std::string_view::npos) {
    return fail(complaint("the pax record " + std::string(key) + " has a NUL byte in it"));
  }
  if (value.empty()) {
    field.reset();
  } else {
    field = value;
  }
  return {};
}

Result<> set_mtime(std::string_view value, std::optional<struct timespec>& mtime) {
  if (value.empty()) {
    mtime.reset();
    return {};
  }
  mtime = parse_pax_time(value);
  if (!mtime) return fail(complaint("the pax record mtime is not a time: '" + std::string(value) + "'"));
  return {};
}

// LIBARCHIVE.xattr.NAME: bytes of the name that are not plain are %XX, the value is base64 without padding.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    constexpr std::string_view kDigits = "0123456789ABCDEF0123456789abcdef";
    const std::size_t high = i + 2 < text.size() ? kDigits.find(text[i + 1]) : std::string_view::npos;
    const std::size_t low = i + 2 < text.size() ? kDigits.find(text[i + 2]) : std::string_view::npos;
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    decoded += static_cast<char>(high % 16 * 16 + low % 16);
    i += 2;
  }
  return decoded;
}

std::optional<std::string> base64_decoded(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string decoded;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      decoded += static_cast<char>(bits >> count & 0xff);
    }
  }
  return decoded;
}

Result<> add_attribute(std::string name, std::string value, Attributes& attributes) {
  if (name.empty() || name.find('\0') != std::string::npos) {
    return fail(complaint("a pax record names an extended attribute with an empty name or a NUL byte in it"));
  }
  const auto same = std::find_if(attributes.begin(), attributes.end(), [&](const auto& a) { return a.first == name; });
  if (same != attributes.end()) {
    // The same attribute in both spellings, as libarchive writes it, or twice: the later one wins.
    same->second = std::move(value);
  } else {
    attributes.emplace_back(std::move(name), std::move(value));
  }
  return {};
}

Result<> add_libarchive_attribute(std::string_view name, std::string_view value, Attributes& attributes) {
  std::optional<std::string> decoded_name = percent_decoded(name);
  std::optional<std::string> decoded_value = base64_decoded(value);
  if (!decoded_name || !decoded_value) {
    return fail(complaint("the pax record LIBARCHIVE.xattr." + std::string(name) + " cannot be decoded"));
  }
  return add_attribute(std::move(*decoded_name), std::move(*decoded_value), attributes);
}

// 0.0 writes a record for each number of the map, 0.1 all of them in one.
Result<> add_sparse_record(std::string_view key, std::string_view value, PaxRecords& records) {
  if (key == "name") return set_text("GNU.sparse.name", value, records.sparse_name);
  if (key == "major") return set_number("GNU.sparse.major", value, records.sparse_major);
  if (key == "minor") return set_number("GNU.sparse.minor", value, records.sparse_minor);
  if (key == "realsize" || key == "size") return set_number("GNU.sparse.realsize", value, records.sparse_real_size);
  if (key == "numblocks") return set_number("GNU.sparse.numblocks", value, records.sparse_count);
  if (key == "offset") {
    records.sparse_map.push_back({.offset = TRY(number("GNU.sparse.offset", value)), .length = 0});
  } else if (key == "numbytes") {
    if (records.sparse_map.empty()) return fail(complaint("GNU.sparse.numbytes comes before any GNU.sparse.offset"));
    records.sparse_map.back().length = TRY(number("GNU.sparse.numbytes", value));
  } else if (key == "map") {
    records.sparse_map.clear();
    std::string_view rest = value;
    while (!rest.empty()) {
      const Cut offset = cut(rest, ',');
      if (!offset.tail) return fail(complaint("GNU.sparse.map has an odd number of numbers"));
      const Cut length = cut(*offset.tail, ',');
      records.sparse_map.push_back(
          {.offset = TRY(number("GNU.sparse.map", offset.head)), .length = TRY(number("GNU.sparse.map", length.head))});
      rest = length.tail.value_or("");
    }
  }
  return {};
}

Result<> add_record(std::string_view key, std::string_view value, PaxRecords& records) {
  const auto after = [&](std::string_view prefix) { return key.substr(prefix.size()); };
  constexpr std::string_view kSchily = "SCHILY.xattr.";
  constexpr std::string_view kLibarchive = "LIBARCHIVE.xattr.";
  constexpr std::string_view kSparse = "GNU.sparse.";
  if (key == "path") return set_text(key, value, records.path);
  if (key == "linkpath") return set_text(key, value, records.link_target);
  if (key == "size") return set_number(key, value, records.size);
  if (key == "uid") return set_number(key, value, records.uid);
  if (key == "gid") return set_number(key, value, records.gid);
  if (key == "mtime") return set_mtime(value, records.mtime);
  if (key == "SCHILY.acl.access") return set_text(key, value, records.access_acl);
  if (key == "SCHILY.acl.default") return set_text(key, value, records.default_acl);
  if (key.starts_with(kSchily)) {
    return add_attribute(std::string(after(kSchily)), std::string(value), records.attributes);
  }
  if (key.starts_with(kLibarchive)) return add_libarchive_attribute(after(kLibarchive), value, records.attributes);
  if (key.starts_with(kSparse)) return add_sparse_record(after(kSparse), value, records);
  return {};
}

struct Record {
  std::string_view key;
  std::string_view value;
};

// Takes one record off the front of `data`.
Result<Record> take_record(std::string_view& data) {
  const Cut length = cut(data, ' ');
  const std::optional<std::uint64_t> bytes = parse_unsigned(length.head);
  const std::size_t head = length.head.size() + 1;
  if (!length.tail || !bytes || *bytes <= head || *bytes > data.size() || data[*bytes - 1] != '\n') {
    return fail(complaint("a record of the pax header is malformed"));
  }
  const Cut pair = cut(data.substr(head, *bytes - head - 1), '=');
  if (!pair.tail) return fail(complaint("a record of the pax header has no '='"));
  data.remove_prefix(*bytes);
  return Record{pair.head, *pair.tail};
}

}  // namespace

Result<> parse_pax_records(std::string_view data, PaxRecords& records) {
  while (!data.empty()) {
    const Record record = TRY(take_record(data));
    TRY(add_record(record.key, record.value, records));
  }
  return {};
}

Result<> parse_global_pax_records(std::string_view data, PaxRecords& records) {
  while (!data.empty()) {
    const Record record = TRY(take_record(data));
    if (record.key == "uid" || record.key == "gid" || record.key == "mtime") {
      TRY(add_record(record.key, record.value, records));
    }
  }
  return {};
}

std::optional<struct timespec> parse_pax_time(std::string_view text) {
  const bool negative = text.starts_with('-');
  const Cut parts = cut(text, '.');
  const std::optional<std::int64_t> seconds = parse_signed(parts.head);
  if (!seconds) return std::nullopt;
  long nanoseconds = 0;
  if (parts.tail) {
    if (parts.tail->find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    std::string digits(parts.tail->substr(0, 9));
    digits.resize(9, '0');
    nanoseconds = static_cast<long>(*parse_unsigned(digits));
  }
  if (!negative || nanoseconds == 0) return timespec{.tv_sec = *seconds, .tv_nsec = nanoseconds};
  return timespec{.tv_sec = *seconds - 1, .tv_nsec = 1'000'000'000 - nanoseconds};
}

}  // namespace caisson::image
