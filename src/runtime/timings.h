// What each part of a command and each step of a launch cost, for `--timings`.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "execute/executor.h"
#include "plan/plan.h"

namespace caisson::runtime {

/// The parts of a command's time, one after another; a start of a container, whose steps are timed by themselves, is
/// one.
class Stopwatch {
 public:
  /// The first part begins now.
  Stopwatch();

  /// Ends a part, whose name has to be a literal, and begins the next.
  void lap(std::string_view name);

  struct Part {
    std::string_view name;
    std::int64_t nanoseconds;
  };
  const std::vector<Part>& parts() const { return parts_; }

 private:
  std::int64_t last_;
  std::vector<Part> parts_;
};

/// Prints two tables on standard error: the parts with their sum; lane, step, microseconds and words, with a sum for
/// each lane.
void print_timings(const std::vector<Stopwatch::Part>& parts, const plan::Plan& plan,
                   const std::vector<execute::StepTime>& times);

}  // namespace caisson::runtime
