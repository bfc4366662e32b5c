// healthcheck run: by people, and by a container's keeper.
#include <cstdio>

#include "cli/command.h"
#include "cli/selection.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/health_state.h"

namespace caisson::cli {

namespace {

struct RunHealthOptions : Selection {};
const Option<RunHealthOptions> kOptions[] = {latest_row<RunHealthOptions>()};

Manual healthcheck_run_manual() {
  return {"CONTAINER", "Makes a container's health check: status 0 where it is well, 1 where it is not.",
          spellings(kOptions)};
}

int verb_healthcheck_run(const Command& command) {
  RunHealthOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  const Result<engine::Container> container = find_selected(command, options, parsed->operands);
  if (!container) return refuse(command, container.error());
  if (const int refused = protect_own_executable(command); refused != 0) return refused;
  const Result<engine::HealthProbe> probe = engine::check_health(command.places, *container, command.log);
  if (!probe) return refuse(command, probe.error());
  if (probe->exit_code == 0) return 0;
  std::printf("%s\n", "unhealthy");
  return 1;
}

constexpr Verb kVerbs[] = {
    {"run", "Make a container's health check now", verb_healthcheck_run, healthcheck_run_manual}};

}  // namespace

std::span<const Verb> healthcheck_verbs() { return kVerbs; }

}  // namespace caisson::cli
