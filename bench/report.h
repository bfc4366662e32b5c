// What a comparison tells: the table, and everything as JSON.
#pragma once

#include "comparison.h"

namespace caisson::bench {

void print_table(const Options& options, const Comparison& comparison);

/// Writes `options.json_file`. Errors: it cannot be written.
Result<> write_json(const Options& options, const Comparison& comparison);

}  // namespace caisson::bench
