// Archives that a fuzzer has changed get past their checksums: each block that was a header has the right one.
#pragma once

#include <string>

#include <fmt/format.h>

#include "image/tar_header.h"

namespace caisson::image {

inline void correct_checksums(std::string& archive) {
  for (std::size_t at = 0; at + kTarBlock <= archive.size(); at += kTarBlock) {
    if (archive.compare(at + 257, 5, "ustar") != 0) continue;
    archive.replace(at + 148, 8, 8, ' ');
    unsigned sum = 0;
    for (std::size_t i = 0; i < kTarBlock; ++i) sum += static_cast<unsigned char>(archive[at + i]);
    archive.replace(at + 148, 6, fmt::format("{:06o}", sum));
  }
}

}  // namespace caisson::image
