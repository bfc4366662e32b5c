#include <cstdio>
#include <cstdlib>

#include "cli/caller.h"
#include "cli/command.h"
#include "cli/run_options.h"
#include "engine/conclude.h"
#include "engine/run.h"
#include "kernel/files.h"

namespace caisson::cli {

Caller this_caller() {
  return {.variable =
              [](const std::string& name) -> std::optional<std::string> {
                const char* value = std::getenv(name.c_str());
                return value == nullptr ? std::nullopt : std::optional<std::string>(value);
              },
          .read_file = [](const std::string& path) { return kernel::read_file(path); }};
}

int verb_run(const Command& command) {
  Result<RunCommandLine> line = parse_run(command.arguments, this_caller());
  if (!line) return refuse(command, line.error());
  if (line->help) {
    std::fputs(run_help().c_str(), stdout);
    return 0;
  }
  line->options.strict = command.strict;
  engine::sweep(command.places, command.log);
  const engine::RunResult result = engine::run(line->options, command.places, command.log);
  return result ? *result : refuse(command, result.error());
}

}  // namespace caisson::cli
