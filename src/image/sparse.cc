#include "image/sparse.h"

#include "image/tar_header.h"

namespace caisson::image {

Result<> check_sparse_map(const std::vector<Segment>& map, std::int64_t real_size, std::int64_t data_size) {
  std::int64_t end = 0;
  std::int64_t data = 0;
  for (const Segment& segment : map) {
    if (segment.offset < end || segment.length < 0 || segment.offset > real_size ||
        segment.length > real_size - segment.offset) {
      return fail(complaint("the map of the sparse file is not ascending or goes beyond its size"));
    }
    end = segment.offset + segment.length;
    data += segment.length;  // at most real_size: cannot overflow
  }
  if (data != data_size) return fail(complaint("the map of the sparse file does not fit its data"));
  return {};
}

Result<> add_old_sparse_pairs(std::string_view block, std::size_t at, std::size_t count, std::vector<Segment>& map) {
  constexpr std::size_t kNumber = 12;
  for (std::size_t i = 0; i < count; ++i, at += 2 * kNumber) {
    if (block[at + kNumber] == '\0') return {};
    const std::optional<std::int64_t> offset = parse_tar_number(block.substr(at, kNumber));
    const std::optional<std::int64_t> length = parse_tar_number(block.substr(at + kNumber, kNumber));
    if (!offset || !length)
      return fail(complaint("the map of the sparse file has something in it that is not a number"));
    if (map.size() == kMaxSegments) return fail(complaint("the map of the sparse file is too long"));
    map.push_back({.offset = *offset, .length = *length});
  }
  return {};
}

Result<bool> SparseMapReader::feed(std::string_view block) {
  constexpr int kMaxDigits = 18;  // fits in 63 bits
  for (const char c : block) {
    if (numbers_read_ == numbers_wanted_) break;  // the rest is padding
    if (c >= '0' && c <= '9' && digits_ < kMaxDigits) {
      number_ = number_ * 10 + (c - '0');
      ++digits_;
    } else if (c == '\n' && digits_ > 0) {
      TRY(add(number_));
      number_ = 0;
      digits_ = 0;
    } else {
      return fail(complaint("the map of the sparse file has something in it that is not a number"));
    }
  }
  return numbers_read_ == numbers_wanted_;
}

Result<> SparseMapReader::add(std::int64_t number) {
  if (numbers_read_ == 0) {
    if (number > static_cast<std::int64_t>(kMaxSegments))
      return fail(complaint("the map of the sparse file is too long"));
    numbers_wanted_ = 1 + 2 * number;
  } else if (numbers_read_ % 2 == 1) {
    map_.push_back({.offset = number, .length = 0});
  } else {
    map_.back().length = number;
  }
  ++numbers_read_;
  return {};
}

}  // namespace caisson::image
