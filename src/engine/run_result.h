// What a verb that runs something ends with.
#pragma once

#include <expected>

#include "base/log.h"
#include "base/result.h"
#include "runtime/launch.h"

namespace caisson::engine {

/// The exit status for the shell, or why there is none.
using RunResult = std::expected<int, runtime::LaunchError>;

/// An Error as the failure of a verb: exit status 125.
runtime::LaunchError refusal(const Error& error);

/// The same as a RunResult.
std::unexpected<runtime::LaunchError> refused(const Error& error);

/// The exit status of a command whose output is not whole, for the reason `why`; an error, unless the command says
/// itself that something is wrong.
RunResult output_lost(std::string_view why, int exit_code, const Log& log);

/// The end of a command whose output was passed on: its exit status, or output_lost() where some of it was
/// (`output_error`, an errno).
RunResult with_output_written(int exit_code, int output_error, const Log& log);

}  // namespace caisson::engine
