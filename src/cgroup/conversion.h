// Resources of the OCI configuration → what is written where. Pure; tables in test/unit/cgroup_conversion_test.cc.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "host/facts.h"
#include "spec/config.h"

namespace caisson::cgroup {

/// One write to one file of a container's cgroup.
struct FileWrite {
  std::string directory;  ///< the cgroup directory: "/sys/fs/cgroup/memory/caisson/ID"
  std::string file;       ///< "memory.limit_in_bytes"
  std::string value;      ///< without a newline
  std::string item;       ///< the config item it comes from: "linux.resources.memory.limit"
};

/// A container's cgroup: where it is in each hierarchy, and what is written there before its first process is let in.
struct Layout {
  std::vector<std::string> directories;  ///< absolute, one a hierarchy, in the order of facts.hierarchies
  std::vector<FileWrite> writes;         ///< in the order in which they have to be made
  bool unified = false;                  ///< cgroup v2: the first process can be born there
};

/// The layout for a cgroup at `path` (absolute from each hierarchy's root: "/caisson/ID").
///
/// Errors, each with the item and a hint: a limit whose controller is mounted nowhere or not delegated; a limit that has no file in this version
/// (`unified` on v1, realtime on v2); swap without a memory limit or below it.
/// Rules: runtime-spec config-linux.md "Control groups"; the v1 → v2 conversions as runc has them today.
Result<Layout> layout(const spec::Resources& resources, const std::string& path, const HostFacts& facts);

}  // namespace caisson::cgroup
