// Moments as docker's --since and --until take them.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace caisson::cli {

/// Nanoseconds since 1970 of "1700000000[.5]" (seconds), "2026-11-23T13:00:00[.5][Z|+01:00]", "2026-11-23" (both UTC
/// without a zone), or a duration before now: "10m", "1h30m". Errors: what is none of them.
Result<std::int64_t> parse_moment(std::string_view text);

}  // namespace caisson::cli
