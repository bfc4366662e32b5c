// A tree and a value → text.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "templates/template.h"
#include "templates/tree.h"

namespace caisson::templates {

/// What Template::render says.
Result<std::string> evaluate(const std::vector<Node>& nodes, const nlohmann::ordered_json& object, const Shape& shape,
                             const Methods& methods);

}  // namespace caisson::templates
