// The options of `caisson run`, with docker's spelling.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "command_line/manual.h"
#include "command_line/options.h"
#include "engine/run_options.h"

namespace caisson::cli {

using namespace command_line;

/// What the options may ask about whoever calls.
struct Caller {
  std::function<std::optional<std::string>(const std::string& name)> variable;  ///< of the environment
  std::function<Result<std::string>(const std::string& path)> read_file;        ///< the whole of it
};

struct RunCommandLine {
  bool help = false;  ///< asked for; the rest is then not to be used
  engine::RunOptions options;
};

/// Reads what stands behind `caisson run`: options, SOURCE, COMMAND with its own arguments.
/// Errors, each with the option as typed: those of scan() and of the engine's grammars; a docker option that is not
/// there yet ("--publish (-p) is not there yet"); no SOURCE. None of them has "caisson run:" in front: the caller adds
/// it.
Result<RunCommandLine> parse_run(const std::vector<std::string>& arguments, const Caller& caller);

/// The same of `create`, which has none of the options that are about being there when it runs.
Result<RunCommandLine> parse_create(const std::vector<std::string>& arguments, const Caller& caller);

/// The network that each of `words`, as `--network` takes it, gives; without any the default one. In the result nothing
/// else is set.
Result<engine::RunOptions> choose_network(const std::vector<std::string>& words, const Caller& caller);

/// What stands behind `caisson update`: those of the options that are about limits and --restart, and containers.
struct UpdateCommandLine {
  engine::RunOptions options;
  std::vector<std::string> names;
};
Result<UpdateCommandLine> parse_update(const std::vector<std::string>& arguments, const Caller& caller);

Manual run_manual();
Manual create_manual();
Manual update_manual();

}  // namespace caisson::cli
