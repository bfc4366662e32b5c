// The containers that a command line means: one by its id, or all that match an expression.
#pragma once

#include <functional>
#include <string>

#include "oci/command.h"

namespace caisson::oci {

/// Calls `act` for the container `id`, or for each whose id the extended regular expression `id` matches (regex(7)).
/// What goes wrong is reported; returns the exit status.
int for_each_chosen(const Command& command, const std::string& id, bool is_expression,
                    const std::function<Result<>(const runtime::Container&)>& act);

}  // namespace caisson::oci
