#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

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

// Asked before this process opens anything of its own, which would take the numbers of those that are missing.
Result<> check_preserved(std::uint32_t count) {
  for (std::uint32_t fd = 3; fd < 3 + count; ++fd) {
    if (::fcntl(static_cast<int>(fd), F_GETFD) >= 0) continue;
    return fail(complaint(fmt::format("--preserve-fds {}: descriptor {} is not open", count, fd)));
  }
  return {};
}

}  // namespace

int verb_run(const Command& command) {
  runtime::Stopwatch watch;
  Result<RunCommandLine> line = parse_run(command.arguments, this_caller());
  if (!line) return refuse(command, line.error());
  if (line->help) {
    std::fputs(run_help().c_str(), stdout);
    return 0;
  }
  if (const Result<> open = check_preserved(line->options.preserve_fds); !open) return refuse(command, open.error());
  if (const int status = protect_own_executable(command); status != 0) return status;
  watch.lap("read the options");
  line->options.strict = command.strict;
  engine::sweep(command.places, command.log);
  watch.lap("look for what others have left");
  const engine::RunResult result = engine::run(line->options, command.places, command.log, watch);
  return result ? *result : refuse(command, result.error());
}

}  // namespace caisson::cli
