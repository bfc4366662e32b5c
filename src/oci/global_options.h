// What stands in front of the verb.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "oci/command.h"

namespace caisson::oci {

/// The only word that read_global_options() gives for --version.
inline constexpr std::string_view kVersionWord = "--version";

/// Reads the global options into `command` and returns the rest; {"help"} and {kVersionWord} for those two options.
Result<std::vector<std::string>> read_global_options(const std::vector<std::string>& arguments, Command& command);

/// What `caisson-oci help` prints.
std::string overview();

/// "caisson-oci version 0.1.0" and "spec: 1.3.0", which callers look for.
int print_version();

/// The path of this program's file.
std::string own_path(const Command& command);

}  // namespace caisson::oci
