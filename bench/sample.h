// One run of a program, measured from outside; and what many runs amount to.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace caisson::bench {

/// A command line to measure.
struct Launch {
  std::vector<std::string> command;                ///< the first word is a path
  std::shared_ptr<const Fd> mount_namespace = {};  ///< entered between fork and exec; none: the caller's
  uid_t user = 0;  ///< whom it runs as, with the group of the same number; 0: the caller
};

struct Sample {
  std::int64_t wall_ns;      ///< from before the first fork until the last process was reaped
  std::int64_t max_rss_kib;  ///< the largest of the process and of those it waited for (wait4(2))
  int status;                ///< as wait4 gives it
};

/// Nanoseconds of a clock that only goes on.
std::int64_t monotonic_ns();

/// Starts `launch` without input, its standard output thrown away and its standard error in `errors`, in a process
/// group of its own. A program that cannot be started has exit status 127. Errors: fork.
Result<pid_t> start(const Launch& launch, const Fd& errors);

/// Waits for the child `process`; one that takes longer than `patience` is killed with its process group. The time
/// is left 0. Errors: wait4, impatience.
Result<Sample> await(pid_t process, std::chrono::milliseconds patience);

constexpr std::chrono::milliseconds kPatience = std::chrono::minutes(2);

/// Runs `launch` to its end.
Result<Sample> run_once(const Launch& launch, const Fd& errors, std::chrono::milliseconds patience = kPatience);

/// What many samples of one program amount to. Quartiles between two samples are interpolated.
struct Summary {
  double min, q1, median, q3, max;
};

/// Of at least one value.
Summary summarise(std::vector<double> values);

}  // namespace caisson::bench
