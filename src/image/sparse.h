// Where the data of a sparse file lie: the maps of GNU tar ("Storing Sparse Files" in its manual).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caisson::image {

/// `length` bytes of data at `offset`; what no segment covers is a hole.
struct Segment {
  std::int64_t offset = 0;
  std::int64_t length = 0;
};

/// More segments than this are refused: they would be a map of 32 MiB.
inline constexpr std::size_t kMaxSegments = std::size_t{1} << 21;

/// Checks that the segments ascend, do not overlap, lie within `real_size` and take exactly `data_size` bytes together.
Result<> check_sparse_map(const std::vector<Segment>& map, std::int64_t real_size, std::int64_t data_size);

/// Adds the `count` pairs of a block of the old GNU format at `at` to the map; a pair whose fields are blank ends it.
Result<> add_old_sparse_pairs(std::string_view block, std::size_t at, std::size_t count, std::vector<Segment>& map);

/// Reads the map that stands before the data in format 1.0: decimal numbers, each ended by a newline; the first is the
/// number of segments. Fed with blocks until it is whole.
class SparseMapReader {
 public:
  /// Takes a block; true when the map is whole.
  Result<bool> feed(std::string_view block);
  std::vector<Segment> take() && { return std::move(map_); }

 private:
  Result<> add(std::int64_t number);

  std::vector<Segment> map_;
  std::int64_t number_ = 0;
  int digits_ = 0;
  std::int64_t numbers_read_ = 0;
  std::int64_t numbers_wanted_ = 1;
};

}  // namespace caisson::image
