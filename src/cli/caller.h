// What the options of `run` may ask about this process's surroundings.
#pragma once

#include "cli/run_options.h"

namespace caisson::cli {

/// The process's own environment and files.
Caller this_caller();

}  // namespace caisson::cli
