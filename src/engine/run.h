// `caisson run`: a container made, kept and concluded.
#pragma once

#include <expected>

#include "base/log.h"
#include "engine/places.h"
#include "engine/prepare.h"
#include "engine/run_options.h"
#include "runtime/launch.h"
#include "runtime/timings.h"

namespace caisson::engine {

/// What a verb that runs something gives back: the exit status for the shell, or why there is none.
using RunResult = std::expected<int, runtime::LaunchError>;

/// An Error as the failure of a verb: exit status 125.
runtime::LaunchError refusal(const Error& error);

/// The end of a command whose output was passed on: its exit status; an error where some of it was lost
/// (`output_error`, an errno), unless the command says itself that something is wrong.
RunResult with_output_written(int exit_code, int output_error, const Log& log);

/// Makes a container and runs it as the options say: in the foreground until it ends (its exit status), with a terminal
/// until it ends or is detached from (0), or detached (its id is printed, 0). `watch` has timed what came before.
RunResult run(const RunOptions& options, const Places& places, const Log& log, runtime::Stopwatch& watch);

}  // namespace caisson::engine
