#include "seccomp/ranges.h"

#include <algorithm>
#include <array>
#include <span>

namespace caisson::seccomp {

namespace {

// Neighbouring ranges that are alike but for a few single numbers in between: one test for each of those is shorter
// than two for its bounds.
constexpr std::size_t kMostExceptions = 3;
struct Group {
  std::uint32_t first = 0;
  Node node = 0;
  std::size_t exceptions = 0;
  std::array<std::pair<std::uint32_t, Node>, kMostExceptions> exception{};
};

Node test_group(Program& program, std::uint32_t word, const Group& group) {
  Node node = group.node;
  for (std::size_t i = group.exceptions; i-- > 0;) {
    const auto& [number, exceptional] = group.exception[i];
    node = program.add({.word = word, .value = number, .yes = exceptional, .no = node});
  }
  return node;
}

Node search_groups(Program& program, std::uint32_t word, std::span<const Group> groups) {
  if (groups.size() == 1) return test_group(program, word, groups[0]);
  const std::size_t middle = groups.size() / 2;
  const Node lower = search_groups(program, word, groups.first(middle));
  const Node upper = search_groups(program, word, groups.subspan(middle));
  return program.add(
      {.word = word, .compare = Compare::kGreaterOrEqual, .value = groups[middle].first, .yes = upper, .no = lower});
}

}  // namespace

void Ranges::begin(std::uint32_t first, Node node) {
  rest_ = node;
  if (!ranges_.empty() && ranges_.back().first == first) ranges_.pop_back();
  if (ranges_.empty() || ranges_.back().node != node) ranges_.push_back({first, node});
}

void Ranges::put(std::uint32_t number, Node node) {
  const Node rest = rest_;
  begin(number, node);
  if (number != ~0U) begin(number + 1, rest);
}

void Ranges::replace(std::uint32_t first, std::optional<std::uint32_t> end, Node node) {
  const auto at = [&](std::uint32_t number) {
    return std::find_if(ranges_.begin(), ranges_.end(), [&](const Range& range) { return range.first >= number; });
  };
  std::vector<Range> above;
  if (end) {
    above.assign(at(*end), ranges_.end());
    if (above.empty() || above[0].first != *end) above.insert(above.begin(), {*end, at(*end)[-1].node});
  }
  ranges_.erase(at(first), ranges_.end());
  const Node rest = rest_;
  begin(first, node);
  for (const Range& range : above) begin(range.first, range.node);
  rest_ = rest;
}

Node Ranges::search(Program& program, std::uint32_t word) const {
  std::vector<Group> groups;
  groups.reserve(ranges_.size());
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    Group group{.first = ranges_[i].first, .node = ranges_[i].node};
    while (i + 2 < ranges_.size() && ranges_[i + 2].node == group.node &&
           ranges_[i + 2].first == ranges_[i + 1].first + 1 && group.exceptions < kMostExceptions) {
      group.exception[group.exceptions++] = {ranges_[i + 1].first, ranges_[i + 1].node};
      i += 2;
    }
    groups.push_back(group);
  }
  return search_groups(program, word, groups);
}

}  // namespace caisson::seccomp
