// Resources of the OCI configuration → what is written where. Pure; tables in test/unit/cgroup_conversion_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cgroup/place.h"
#include "host/facts.h"
#include "spec/config.h"

namespace caisson::cgroup {

/// One write to one file of a container's cgroup.
struct FileWrite {
  std::string directory;        ///< the cgroup directory: "/sys/fs/cgroup/memory/caisson/ID"
  std::string file;             ///< "memory.limit_in_bytes"
  std::string value;            ///< without a newline
  std::string item;             ///< the config item it comes from: "linux.resources.memory.limit"
  std::string other_file = {};  ///< written instead where the kernel has no `file`
  std::string other_value = {};
  bool may_be_missing = false;  ///< no such file: nothing is lost ("no limit" of what is not counted here)
};

/// Controllers that a v2 cgroup has to give to those below it before they can be limited.
struct EnabledControllers {
  std::string directory;        ///< the cgroup above: "/sys/fs/cgroup"
  std::string controllers;      ///< as cgroup.subtree_control takes them: "+memory +pids"
  std::string item;             ///< the config item that needs the first of them
  bool may_be_vacated = false;  ///< processes in it are this tree's: they can be moved to a cgroup of their own
};

/// A container's cgroup: where it is in each hierarchy, and what is written there before its first process is let in.
struct Layout {
  std::vector<std::string> directories;  ///< absolute, one a hierarchy, in the order of facts.hierarchies
  std::vector<EnabledControllers>
      enabled;                    ///< v2: from the top down; these cgroups exist or are made with the directories
  std::vector<FileWrite> writes;  ///< in the order in which they have to be made
  std::vector<spec::DeviceRule> device_rules;  ///< v2: for device_program()
  bool unified = false;                        ///< cgroup v2: the first process can be born there
};

/// The layout for a cgroup at `place`.
///
/// Errors, each with the item and a hint: a limit whose controller is mounted nowhere or not delegated; a limit that
/// has no file in this version (`unified` on v1, realtime on v2: drop_unsupported()); swap without a memory limit or
/// below it.
/// Rules: runtime-spec config-linux.md "Control groups"; the v1 → v2 conversions as runc has them today. 0 is "not set"
/// where runc takes it so.
///
/// Directories: one in every v1 hierarchy of controllers (not in the named ones); in a hybrid host's unified hierarchy
/// only if a limit needs a controller that is there (hugetlb); on v2 the one. The order of the writes is that of a new,
/// unlimited cgroup. On v2 controllers are enabled first, in every cgroup above that is this process's to change.
///
/// Devices: rules that end up denying by default are followed by implied_device_rules(). On v1 they are writes, on v2
/// rules for a program.
Result<Layout> layout(const spec::Resources& resources, const Place& place, const HostFacts& facts);

/// The same for a cgroup at `path` below the place where this process makes its own: "/caisson/ID".
Result<Layout> layout(const spec::Resources& resources, const std::string& path, const HostFacts& facts);

/// Takes out what the cgroups of this host, or of any kernel there still is, have no file for, and runc leaves out:
/// memory.kernel everywhere, and on v2 kernelTCP, swappiness, disableOOMKiller, useHierarchy, the real-time limits and
/// the network's. What each was and why, for warnings; layout() refuses them.
std::vector<Error> drop_unsupported(spec::Resources& resources, const HostFacts& facts);

/// The devices that every container may use (runtime-spec config-linux.md "Default Devices"), and making nodes.
std::vector<spec::DeviceRule> implied_device_rules();

/// cpu.weight (1 to 10000) for v1's cpu.shares (2 to 262144); 0, not set, stays 0.
std::uint64_t cpu_weight(std::uint64_t shares);

/// io.weight (1 to 10000) for v1's blkio.weight (10 to 1000); 0, not set, stays 0.
std::uint64_t io_weight(std::uint16_t weight);

}  // namespace caisson::cgroup
