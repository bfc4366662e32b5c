// Whom the files of a mount are shown as belonging to.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "plan/mount_options.h"
#include "spec/config.h"

namespace caisson::plan {

enum class Owners {
  kAsTheyAre,
  kContainers,  ///< mapped as by the container's user namespace
  kOwn,         ///< mapped by maps of the mount's own
};

struct MountOwners {
  Owners kind = Owners::kAsTheyAre;
  std::vector<spec::IdMapping> uids;  ///< of kOwn: who owns a file, whom it is shown as on the host
  std::vector<spec::IdMapping> gids;
};

/// Errors: maps that cannot be read, or that are relative to ones the container has not.
Result<MountOwners> mount_owners(const spec::Mount& mount, const MountOptions& options, const spec::Linux& container);

/// "0 100000 65536\n"…, as a user namespace takes its map.
std::string map_text(const std::vector<spec::IdMapping>& mappings);

}  // namespace caisson::plan
