// Spans of time as Go writes them. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace caisson {

/// "5s", "100ms", "1m30s", "1.5h", "0": numbers with a unit (ns, us, µs, ms, s, m, h), added up. Nothing for anything
/// else, for what is negative, and for more than a century.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace caisson
