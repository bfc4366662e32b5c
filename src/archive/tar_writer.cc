#include "archive/tar_writer.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <unistd.h>

#include "image/tar_header.h"
#include "kernel/files.h"

namespace caisson::archive {

namespace {

using image::EntryKind;
using image::kTarBlock;
using image::TarEntry;

constexpr std::size_t kBufferBytes = std::size_t{256} << 10;
constexpr std::size_t kNameBytes = 100, kPrefixBytes = 155;
constexpr std::int64_t kMostInSeven = 07777777, kMostInEleven = 077777777777;  // what as many octal digits can say

char type_of(EntryKind kind) {
  switch (kind) {
    case EntryKind::kFile: return '0';
    case EntryKind::kHardLink: return '1';
    case EntryKind::kSymbolicLink: return '2';
    case EntryKind::kCharacterDevice: return '3';
    case EntryKind::kBlockDevice: return '4';
    case EntryKind::kDirectory: return '5';
    case EntryKind::kFifo: return '6';
  }
  return '0';
}

// A name as ustar can have it: up to 100 bytes behind a '/', and up to 155 before it. Nothing if it does not fit.
struct CutName {
  std::string_view prefix;
  std::string_view name;
};
std::optional<CutName> cut_name(std::string_view name) {
  if (name.size() <= kNameBytes) return CutName{{}, name};
  const std::size_t slash = name.rfind('/', kPrefixBytes);
  const std::size_t from = name.size() - kNameBytes - 1;  // where the '/' is at the earliest
  const std::size_t first = name.find('/', from);
  if (slash == std::string_view::npos || first == std::string_view::npos || first > slash || first == 0)
    return std::nullopt;
  if (first + 1 == name.size()) return std::nullopt;  // a directory's own slash
  return CutName{name.substr(0, first), name.substr(first + 1)};
}

bool fits(std::int64_t number, std::int64_t most) { return number >= 0 && number <= most; }

// Of everything but files there is no content.
std::int64_t stored_size(const TarEntry& entry) { return entry.kind == EntryKind::kFile ? entry.size : 0; }

// "LENGTH KEY=VALUE\n", where LENGTH counts its own digits too.
std::string record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (length != rest + std::to_string(length).size()) length = rest + std::to_string(length).size();
  return fmt::format("{} {}={}\n", length, key, value);
}

std::string pax_records(const TarEntry& entry, const std::string& name) {
  std::string records;
  if (!cut_name(name)) records += record("path", name);
  if (entry.link_target.size() > kNameBytes) records += record("linkpath", entry.link_target);
  if (!fits(stored_size(entry), kMostInEleven)) records += record("size", std::to_string(entry.size));
  if (!fits(entry.uid, kMostInSeven)) records += record("uid", std::to_string(entry.uid));
  if (!fits(entry.gid, kMostInSeven)) records += record("gid", std::to_string(entry.gid));
  if (!fits(entry.mtime.tv_sec, kMostInEleven)) records += record("mtime", std::to_string(entry.mtime.tv_sec));
  for (const auto& [key, value] : entry.attributes) records += record("SCHILY.xattr." + key, value);
  if (entry.access_acl) records += record("SCHILY.acl.access", *entry.access_acl);
  if (entry.default_acl) records += record("SCHILY.acl.default", *entry.default_acl);
  return records;
}

void put(std::string& block, std::size_t at, std::string_view text) { block.replace(at, text.size(), text); }

void put_number(std::string& block, std::size_t at, std::size_t digits, std::int64_t number, std::int64_t most) {
  put(block, at, fmt::format("{:0{}o}", fits(number, most) ? number : 0, digits));
}

std::string header_block(const TarEntry& entry, CutName name, char type) {
  std::string block(kTarBlock, '\0');
  put(block, 0, name.name);
  put_number(block, 100, 7, entry.mode & 07777U, kMostInSeven);
  put_number(block, 108, 7, entry.uid, kMostInSeven);
  put_number(block, 116, 7, entry.gid, kMostInSeven);
  put_number(block, 124, 11, stored_size(entry), kMostInEleven);
  put_number(block, 136, 11, entry.mtime.tv_sec, kMostInEleven);
  block[156] = type;
  put(block, 157, std::string_view(entry.link_target).substr(0, kNameBytes));
  put(block, 257, std::string_view("ustar\00000", 8));
  put_number(block, 329, 7, entry.device_major, kMostInSeven);
  put_number(block, 337, 7, entry.device_minor, kMostInSeven);
  put(block, 345, name.prefix);
  return block;
}

std::string with_checksum(std::string block) {
  put(block, 148, "        ");
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(block, 148, fmt::format("{:06o}", sum));
  block[154] = '\0';
  return block;
}

std::int64_t padding_after(std::int64_t size) {
  constexpr auto kBlock = static_cast<std::int64_t>(kTarBlock);
  return (kBlock - size % kBlock) % kBlock;
}

constexpr std::array<char, kTarBlock> kZeros{};
std::string_view zeros(std::int64_t count) { return {kZeros.data(), static_cast<std::size_t>(count)}; }

}  // namespace

FileSink::FileSink(int file, std::string name) : file_(file), name_(std::move(name)) { buffer_.reserve(kBufferBytes); }

Result<> FileSink::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) TRY(flush());
  if (bytes.size() >= kBufferBytes) return kernel::write_all(file_, bytes, name_);
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  return {};
}

Result<> FileSink::flush() {
  const Result<> written = kernel::write_all(file_, {buffer_.data(), buffer_.size()}, name_);
  buffer_.clear();
  return written;
}

TarEntry plain_entry(EntryKind kind, std::string name, std::int64_t size) {
  return TarEntry{.kind = kind,
                  .name = std::move(name),
                  .link_target = {},
                  .mode = kind == EntryKind::kDirectory ? 0755U : 0644U,
                  .size = size,
                  .attributes = {},
                  .access_acl = {},
                  .default_acl = {}};
}

std::string single_header(const TarEntry& entry) {
  std::string block =
      header_block(entry, {{}, std::string_view(entry.name).substr(0, kNameBytes)}, type_of(entry.kind));
  if (!fits(entry.size, kMostInEleven)) {
    std::string number(12, '\0');
    number[0] = '\x80';
    for (std::size_t i = 0; i < 8; ++i) number[11 - i] = static_cast<char>(entry.size >> (8 * i) & 0xff);
    put(block, 124, number);
  }
  return with_checksum(std::move(block));
}

Result<> TarWriter::begin(const TarEntry& entry) {
  const bool is_directory = entry.kind == EntryKind::kDirectory;
  const std::string name = is_directory && !entry.name.ends_with('/') ? entry.name + "/" : entry.name;
  if (const std::string records = pax_records(entry, name); !records.empty()) {
    const TarEntry extension =
        plain_entry(EntryKind::kFile, "PaxHeaders/" + entry.name, static_cast<std::int64_t>(records.size()));
    const std::string_view shown = std::string_view(extension.name).substr(0, kNameBytes);
    TRY(sink_.write(with_checksum(header_block(extension, {{}, shown}, 'x'))));
    TRY(sink_.write(records));
    TRY(sink_.write(zeros(padding_after(extension.size))));
  }
  const CutName cut = cut_name(name).value_or(CutName{{}, std::string_view(name).substr(0, kNameBytes)});
  left_ = stored_size(entry);
  padding_ = padding_after(left_);
  return sink_.write(with_checksum(header_block(entry, cut, type_of(entry.kind))));
}

Result<> TarWriter::write(std::string_view bytes) {
  left_ -= static_cast<std::int64_t>(bytes.size());
  if (left_ < 0) return fail(complaint("a file has more bytes than its header says"));
  return sink_.write(bytes);
}

Result<> TarWriter::end() {
  if (left_ != 0) return fail(complaint("a file has fewer bytes than its header says"));
  return sink_.write(zeros(padding_));
}

Result<> TarWriter::add(const TarEntry& entry, std::string_view content) {
  TRY(begin(entry));
  TRY(write(content));
  return end();
}

Result<> TarWriter::finish() {
  TRY(sink_.write(zeros(kTarBlock)));
  return sink_.write(zeros(kTarBlock));
}

}  // namespace caisson::archive
