// Runs what is measured and what prepares it; a run that fails is an error with the words that it said.
#pragma once

#include "sample.h"

namespace caisson::bench {

class Runner {
 public:
  /// What runs say goes into `errors`, a file open for reading and appending.
  explicit Runner(Fd errors) : errors_(std::move(errors)) {}

  /// Runs `launch` to its end. Errors: an exit status that is not 0, with the first line of standard error.
  Result<Sample> run(const Launch& launch, std::chrono::milliseconds patience = kPatience) const;

  /// Runs all of them at once. The time is until the last has ended, the memory the largest of one of them.
  Result<Sample> run_together(const std::vector<Launch>& launches) const;

 private:
  Result<> forget() const;
  Result<> check(const Launch& launch, const Sample& sample) const;

  Fd errors_;
};

}  // namespace caisson::bench
