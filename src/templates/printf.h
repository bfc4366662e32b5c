// Go's Printf.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "templates/value.h"

namespace caisson::templates {

/// %s %d %v %q %t %x %X %o %b %c %U %e %f %g %T %%, with flags, width, precision and *; what does not fit is shown as
/// Go shows it: "%!d(string=web)". A width or precision above 1000 is taken for 1000.
std::string go_printf(std::string_view format, std::span<const Value> arguments);

/// Go's Sprint: spaces between operands where neither is text.
std::string go_print(std::span<const Value> operands);

/// Go's Sprintln: spaces between all, and a new line.
std::string go_println(std::span<const Value> operands);

}  // namespace caisson::templates
