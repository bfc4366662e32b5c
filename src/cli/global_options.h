// What stands in front of the verb, and what is said about all verbs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"

namespace caisson::cli {

/// Reads --root, --runroot, --log-level, --log-format, --strict into `command` and returns the rest. --version and
/// --help are turned into the verbs of these names.
Result<std::vector<std::string>> read_global_options(const std::vector<std::string>& arguments, Command& command);

/// What is said about them and all verbs.
Manual overview_manual();

/// What `caisson help` prints.
std::string overview();

/// "unknown command 'rn'", with the nearest as hint.
Error unknown_verb(std::string_view word);

}  // namespace caisson::cli
