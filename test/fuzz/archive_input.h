// Archives that libFuzzer comes up with, for those who read and unpack them.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "image/tar_reader.h"

namespace caisson {

/// An archive in memory that comes in pieces of one size.
class Pieces : public image::Chunks {
 public:
  Pieces(std::string archive, std::size_t piece) : archive_(std::move(archive)), piece_(piece) {}

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

/// Puts checksums right where the fuzzer has changed a block that was a header, or it would never get past them.
inline void correct_checksums(std::string& archive) {
  using image::kTarBlock;
  for (std::size_t at = 0; at + kTarBlock <= archive.size(); at += kTarBlock) {
    if (archive.compare(at + 257, 5, "ustar") != 0) continue;
    archive.replace(at + 148, 8, 8, ' ');
    unsigned sum = 0;
    for (std::size_t i = 0; i < kTarBlock; ++i) sum += static_cast<unsigned char>(archive[at + i]);
    archive.replace(at + 148, 6, fmt::format("{:06o}", sum));
  }
}

}  // namespace caisson
