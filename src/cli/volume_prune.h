// Removing volumes that nobody uses: for `volume prune` and `system prune --volumes`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "cli/volume_filter.h"

namespace caisson::cli {

enum class PruneVolumes {
  kAnonymous,  ///< what was made for a container
  kAll,        ///< named ones, too
};

struct PrunedVolumes {
  std::vector<std::string> names;
  std::int64_t bytes = 0;  ///< on the disk
};

/// Removes those that no container uses and all filters let through. One that cannot be removed is a warning.
Result<PrunedVolumes> prune_volumes(const Command& command, PruneVolumes which,
                                    const std::vector<VolumeFilter>& filters);

}  // namespace caisson::cli
