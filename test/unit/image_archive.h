// Archives made by hand for tests, and read from memory in pieces of any size.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "image/tar_reader.h"

namespace caisson::image {

/// A header block; what a test does not set is sane.
struct Header {
  std::string name;
  char type = '0';
  std::string link_target = {};
  std::int64_t size = 0;
  unsigned mode = 0644;
  std::string magic = std::string(
      "ustar\0"
      "00",
      8);
  std::string prefix = {};
  std::vector<std::pair<std::size_t, std::string>> raw = {};  ///< bytes at an offset, before the checksum is made
};

inline std::string with_checksum(std::string block) {
  block.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  block.replace(148, 6, fmt::format("{:06o}", sum));
  return block;
}

inline std::string block_of(const Header& header) {
  std::string block(512, '\0');
  const auto put = [&](std::size_t at, std::string_view text) { block.replace(at, text.size(), text); };
  put(0, header.name);
  put(100, fmt::format("{:07o}", header.mode));
  put(108, fmt::format("{:07o}", 0));
  put(116, fmt::format("{:07o}", 0));
  put(124, fmt::format("{:011o}", header.size));
  put(136, fmt::format("{:011o}", 1'000'000'000));
  block[156] = header.type;
  put(157, header.link_target);
  put(257, header.magic);
  put(345, header.prefix);
  for (const auto& [at, bytes] : header.raw) put(at, bytes);
  return with_checksum(block);
}

inline std::string padded(std::string data) {
  data.resize((data.size() + 511) / 512 * 512);
  return data;
}

/// An entry with its data.
inline std::string entry(Header header, const std::string& data = {}) {
  if (!data.empty()) header.size = static_cast<std::int64_t>(data.size());
  return block_of(header) + padded(data);
}

inline std::string file(const std::string& name, const std::string& data = "x") { return entry({.name = name}, data); }
inline std::string directory(const std::string& name) { return entry({.name = name, .type = '5', .mode = 0755}); }
inline std::string symbolic_link(const std::string& name, const std::string& target) {
  return entry({.name = name, .type = '2', .link_target = target});
}
inline std::string hard_link(const std::string& name, const std::string& target) {
  return entry({.name = name, .type = '1', .link_target = target});
}

/// A character device.
inline std::string device(const std::string& name, unsigned major, unsigned minor) {
  return entry(
      {.name = name, .type = '3', .raw = {{329, fmt::format("{:07o}", major)}, {337, fmt::format("{:07o}", minor)}}});
}

inline std::string pax_record(const std::string& key, const std::string& value) {
  const std::size_t body = key.size() + value.size() + 3;
  std::size_t length = body + 1;
  while (length != body + std::to_string(length).size()) ++length;
  return fmt::format("{} {}={}\n", length, key, value);
}

/// A pax header with these records, for the entry that follows.
inline std::string pax(const std::string& records, char type = 'x') {
  return entry({.name = "PaxHeaders/x", .type = type}, records);
}

inline std::string end() { return std::string(1024, '\0'); }

/// An archive in memory that comes in pieces of `piece` bytes.
class Pieces : public Chunks {
 public:
  explicit Pieces(std::string archive, std::size_t piece = 1 << 20) : archive_(std::move(archive)), piece_(piece) {}

  Result<std::string_view> next() override {
    const std::string_view piece = std::string_view(archive_).substr(at_, piece_);
    at_ += piece.size();
    return piece;
  }

 private:
  std::string archive_;
  std::size_t piece_;
  std::size_t at_ = 0;
};

}  // namespace caisson::image
