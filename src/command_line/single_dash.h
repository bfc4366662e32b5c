// Long names behind one dash, as Go's programs take them: "-bundle=DIR".
#pragma once

#include <string>
#include <vector>

#include "command_line/options.h"

namespace caisson::command_line {

/// `arguments` with a second dash where a word is the long name of a row (or "help") behind one. Letters together
/// (`-it`) stay as they are, and so do values of options, and what stands behind the options' end.
std::vector<std::string> with_double_dashes(const std::vector<Spelling>& rows, std::vector<std::string> arguments,
                                            Order order);

}  // namespace caisson::command_line
