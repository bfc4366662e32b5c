// What each step of a launch cost, for `--timings`.
#pragma once

#include <vector>

#include "execute/executor.h"
#include "plan/plan.h"

namespace caisson::engine {

/// Prints a table on standard error: lane, step, microseconds, words; a sum for each lane.
void print_timings(const plan::Plan& plan, const std::vector<execute::StepTime>& times);

}  // namespace caisson::engine
