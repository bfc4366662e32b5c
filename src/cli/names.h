// Verbs that show containers by their names.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "engine/containers.h"

namespace caisson::cli {

/// Prints, as `format` says (template.h), what `find` gives for each name; the error where it gives none. Returns 0, or
/// 1 if any failed.
int print_objects(const Command& command, const std::vector<std::string>& names, const std::string& format,
                  const std::function<Result<nlohmann::ordered_json>(const std::string&)>& find);

/// Refuses a command line without a container's name; nothing if there is one.
Result<> require_names(const std::vector<std::string>& names);

}  // namespace caisson::cli
