// Tokens → a tree: all that can be wrong with a template before it meets a value.
#pragma once

#include <vector>

#include "base/result.h"
#include "templates/tokens.h"
#include "templates/tree.h"

namespace caisson::templates {

/// Errors: what is not Go's grammar; functions and variables that there are not; nesting deeper than 100; what is left
/// out of Go's language: define, template, block.
Result<std::vector<Node>> parse(std::vector<Token> tokens);

}  // namespace caisson::templates
