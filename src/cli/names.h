// Verbs that work on containers by their names, each on its own: one line and one status for each.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "engine/containers.h"

namespace caisson::cli {

/// Calls `work` for each container named; prints its name when that went well, the error when not. Returns 0, or 1 if
/// any failed.
int for_each_container(const Command& command, const std::vector<std::string>& names,
                       const std::function<Result<>(const engine::Container&)>& work);

/// Prints, as `format` says (template.h), what `find` gives for each name; the error where it gives none. Returns 0, or
/// 1 if any failed.
int print_objects(const Command& command, const std::vector<std::string>& names, const std::string& format,
                  const std::function<Result<nlohmann::ordered_json>(const std::string&)>& find);

/// Refuses a command line without a container's name; nothing if there is one.
Result<> require_names(const std::vector<std::string>& names);

}  // namespace caisson::cli
