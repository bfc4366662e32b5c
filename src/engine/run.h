// `caisson run`: a container made, kept and concluded.
#pragma once

#include "base/log.h"
#include "engine/places.h"
#include "engine/run_options.h"
#include "engine/run_result.h"
#include "runtime/timings.h"

namespace caisson::engine {

/// Makes a container and runs it as the options say: in the foreground until it ends (its exit status), with a terminal
/// until it ends or is detached from (0), or detached (its id is printed, 0). `watch` has timed what came before.
RunResult run(const RunOptions& options, const Places& places, const Log& log, runtime::Stopwatch& watch);

/// Makes a container that is left to be started: its id.
Result<std::string> create(const RunOptions& options, const Places& places, const Log& log);

}  // namespace caisson::engine
