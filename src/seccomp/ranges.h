// The numbers of calls as ranges that are treated alike, and the search for the range of one.
#pragma once

#include <optional>
#include <vector>

#include "seccomp/program.h"

namespace caisson::seccomp {

/// Built from the lowest number to the highest.
class Ranges {
 public:
  /// From `first` on everything leads to `node`, until something else is said.
  void begin(std::uint32_t first, Node node);

  /// The one `number` leads to `node`; what follows, to what it led to before.
  void put(std::uint32_t number, Node node);

  /// All from `first` up to, not with, `end` (or to the last one) lead to `node`.
  void replace(std::uint32_t first, std::optional<std::uint32_t> end, Node node);

  /// The place in `program` that finds the range of the word at `word` and goes on where it leads.
  Node search(Program& program, std::uint32_t word) const;

 private:
  struct Range {
    std::uint32_t first = 0;
    Node node = 0;
  };
  std::vector<Range> ranges_;
  Node rest_ = 0;
};

}  // namespace caisson::seccomp
