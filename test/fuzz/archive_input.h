// Archives that libFuzzer comes up with, for those who read and unpack them.
#pragma once

#include <string>
#include <string_view>

#include "image/tar_reader.h"
#include "tar_checksums.h"

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

}  // namespace caisson
