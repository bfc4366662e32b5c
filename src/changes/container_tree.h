// The root filesystem of a container, as it lies on the disk.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "archive/tree_access.h"
#include "base/result.h"
#include "image/owner_map.h"

namespace caisson::changes {

struct ContainerTree {
  std::string directory = {};           ///< used in place; empty: there are layers, and what is above them
  std::vector<std::string> lower = {};  ///< the layers, the uppermost first
  std::string upper = {};
  archive::OverlayNotes notes = archive::OverlayNotes::kTrusted;
  image::OwnerMaps owners = {};                ///< the owners on the disk → those that the container sees
  std::vector<std::string> mount_points = {};  ///< paths inside at which something is mounted
};

/// What lies in the upper directory only for something to be mounted over it: empty directories and files that no layer
/// has, at mount_points. Paths without a slash at their ends.
Result<std::set<std::string>> made_mount_points(const ContainerTree& tree);

}  // namespace caisson::changes
