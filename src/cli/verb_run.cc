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
  return {.variable = [](const std::string& name) -> std::optional<std::string> {
            const char* value = std::getenv(name.c_str());
            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
          },
          .read_file = [](const std::string& path) { return kernel::read_file(path); }};
}

namespace {

// Reads the line, up to where the container is made. Nothing: `status` is the exit status.
std::optional<engine::RunOptions> read(const Command& command, Result<RunCommandLine> line, int& status) {
  const Result<> usable = line ? runtime::check_preserved(line->options.preserve_fds) : fail(line.error());
  status = usable ? protect_own_executable(command) : refuse(command, usable.error());
  if (status != 0) return std::nullopt;
  line->options.strict = command.strict;
  return std::move(line->options);
}

}  // namespace

int verb_run(const Command& command) {
  runtime::Stopwatch watch;
  int status = 0;
  const std::optional<engine::RunOptions> options = read(command, parse_run(command.arguments, this_caller()), status);
  if (!options) return status;
  watch.lap("read the options");
  engine::sweep(command.places, command.log, engine::SweepExtent::kSome);
  watch.lap("look for what others have left");
  const engine::RunResult result = engine::run(*options, command.places, command.log, watch);
  return result ? *result : refuse(command, result.error());
}

int verb_create(const Command& command) {
  int status = 0;
  const std::optional<engine::RunOptions> options =
      read(command, parse_create(command.arguments, this_caller()), status);
  if (!options) return status;
  engine::sweep(command.places, command.log, engine::SweepExtent::kSome);
  const Result<std::string> id = engine::create(*options, command.places, command.log);
  if (!id) return refuse(command, id.error());
  std::printf("%s\n", id->c_str());
  return 0;
}

}  // namespace caisson::cli
