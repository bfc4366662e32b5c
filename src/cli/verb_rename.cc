#include <cstdio>
#include <vector>

#include "cli/command.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/lifecycle.h"

namespace caisson::cli {

namespace {

struct RenameOptions {};
const std::vector<Option<RenameOptions>> kOptions;

Result<> rename(const Command& command, const std::string& before, const std::string& name) {
  return engine::rename_container(command.places, TRY(engine::find_container(command.places, before)), name);
}

}  // namespace

Manual rename_manual() { return {"CONTAINER NAME", "Gives a container another name.", spellings(kOptions)}; }

int verb_rename(const Command& command) {
  RenameOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.size() != 2) return refuse(command, complaint("a container and its new name are needed"));
  engine::sweep(command.places, command.log);
  const Result<> renamed = rename(command, parsed->operands[0], parsed->operands[1]);
  return renamed ? 0 : refuse(command, renamed.error());
}

}  // namespace caisson::cli
