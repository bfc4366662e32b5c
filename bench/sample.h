// One run of a program, measured from outside; and what many runs amount to.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace caisson::bench {

/// A command line to measure.
struct Launch {
  std::vector<std::string> command;  ///< the first word is a path
  Fd mount_namespace = {};           ///< entered between fork and exec; none: the caller's
  uid_t user = 0;                    ///< whom it runs as, with the group of the same number; 0: the caller
};

struct Sample {
  std::int64_t wall_ns;      ///< from before the fork until the process was reaped
  std::int64_t max_rss_kib;  ///< the largest of the process and of those it waited for (wait4(2))
  int status;                ///< as wait4 gives it
};

/// Runs `launch` to its end without input, its standard output thrown away and its standard error in `errors`.
/// Errors: fork and wait4; a program that cannot be started has exit status 127.
Result<Sample> run_once(const Launch& launch, const Fd& errors);

/// What many samples of one program amount to, in milliseconds. Quartiles between two samples are interpolated.
struct Summary {
  double min_ms, q1_ms, median_ms, q3_ms, max_ms;
  std::int64_t max_rss_kib;
};

/// Of at least one sample.
Summary summarise(std::span<const Sample> samples);

}  // namespace caisson::bench
