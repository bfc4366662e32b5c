#include <cstdio>

#include "cli/caller.h"
#include "cli/command.h"
#include "cli/run_options.h"
#include "cli/selection.h"
#include "engine/conclude.h"
#include "engine/update.h"

namespace caisson::cli {

int verb_update(const Command& command) {
  const Result<UpdateCommandLine> line = parse_update(command.arguments, this_caller());
  if (!line) return refuse(command, line.error());
  if (line->options.typed.empty())
    return refuse(command, complaint("what is to change? A limit, or --restart, is needed"));
  engine::sweep(command.places, command.log);
  const auto any = [](const engine::Container&) { return true; };
  return for_each_selected(command, {}, line->names, any, [&](const engine::Container& container) {
    return engine::update_container(command.places, container, line->options, command.log);
  });
}

}  // namespace caisson::cli
