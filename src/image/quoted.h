// Names that others have chosen, shown in messages. Pure.
#pragma once

#include <string>
#include <string_view>

namespace caisson::image {

/// `name` in quotes for a message: control characters are escaped, a long one is cut.
std::string quoted_name(std::string_view name);

}  // namespace caisson::image
