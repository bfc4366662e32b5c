// A whole comparison: who takes part, and the rounds.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "options.h"

namespace caisson::bench {

/// One contender that takes part, or did until it failed.
struct Entry {
  const Contender* contender;
  Prepared prepared;
  std::vector<Sample> samples = {};
  std::optional<std::uint64_t> least_limit_kib = {};
};

struct LeftOut {
  std::string_view name;
  std::string why;
};

/// The signal that asks this process to end, if one has come. All are blocked from the first call on but here.
std::optional<int> end_asked();

/// Its entries and those left out; what they leave behind is cleaned away at its end.
class Comparison {
 public:
  Comparison(const Options& options, Fixture fixture) : options_(options), fixture_(std::move(fixture)) {}
  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;
  ~Comparison();

  /// Makes the mounts, and everybody ready; whoever is not installed, or cannot do one turn, is left out. Gives the
  /// signal that ended it early, if one did. Errors: the mounts, the other containers.
  Result<std::optional<int>> prepare();

  /// The rounds: A B C, B C A, C A B, … Errors: a turn that failed.
  Result<std::optional<int>> measure();

  std::span<const Entry> entries() const { return entries_; }
  std::span<const LeftOut> left_out() const { return left_out_; }

  /// Whose the other containers are; empty without any.
  std::string_view owner_of_others() const { return owner_of_others_; }

 private:
  Result<> start_others();
  bool warm_up(Entry& entry);

  const Options& options_;
  Fixture fixture_;
  std::vector<Entry> entries_;
  std::vector<LeftOut> left_out_;
  std::optional<Sleepers> others_;
  std::string_view owner_of_others_;
};

}  // namespace caisson::bench
