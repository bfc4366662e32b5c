// Removing containers that do not run: for `container prune` and `system prune`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "cli/image_filter.h"

namespace caisson::cli {

/// Reads "label!=tier=test" of a prune: until, label and label! alone.
Result<ImageFilter> read_prune_filter(std::string_view text);

struct PrunedContainers {
  std::vector<std::string> ids;
  std::int64_t bytes = 0;  ///< on the disk
};

/// Removes those that have ended or were never started, and that all filters let through. One that cannot be removed is
/// a warning.
Result<PrunedContainers> prune_containers(const Command& command, const std::vector<ImageFilter>& filters);

}  // namespace caisson::cli
