#include "engine/run_result.h"

#include <fmt/format.h>

namespace caisson::engine {

runtime::LaunchError refusal(const Error& error) {
  return {.line = error.text(), .hint = error.hint, .exit_status = 125};
}

std::unexpected<runtime::LaunchError> refused(const Error& error) { return std::unexpected(refusal(error)); }

RunResult output_lost(std::string_view why, int exit_code, const Log& log) {
  const Error error = complaint(fmt::format("output was lost: {}", why));
  if (exit_code == 0) return refused(error);
  log.error(error.text());
  return exit_code;
}

RunResult with_output_written(int exit_code, int output_error, const Log& log) {
  return output_error == 0 ? exit_code : output_lost(errno_words(output_error), exit_code, log);
}

}  // namespace caisson::engine
