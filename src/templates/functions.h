// The functions that templates call: Go's own and docker's.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "templates/value.h"

namespace caisson::templates {

/// Go's: and or not eq ne lt le gt ge len index slice print printf println html urlquery; docker's: json split join
/// upper lower title pad truncate.
bool is_function(std::string_view name);
std::vector<std::string_view> function_names();

/// Calls one; `and` and `or`, which need not look at all of their arguments, are the evaluator's. Letters are ASCII's
/// to upper, lower and title. Errors: a wrong number of arguments, values that it does not take, an index that is not
/// there; what it makes would be larger than 16 MiB.
Result<Value> call_function(std::string_view name, std::span<const Value> arguments);

inline constexpr std::size_t kMostBytes = 16U << 20;  ///< that a template, or a function, makes

}  // namespace caisson::templates
