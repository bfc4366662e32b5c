// Where in a template something is wrong.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace caisson::templates {

/// "column 12: what"; columns are characters, the first is 1.
Error at_column(std::size_t column, std::string_view what, std::string hint = {});

/// `text` for a message of one line: what is no printable character is \xNN.
std::string printable(std::string_view text);

}  // namespace caisson::templates
