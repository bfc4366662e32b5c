// What this host offers, found out once a command.
#pragma once

#include "host/facts.h"

namespace caisson::host {

/// Probes with a few dozen cheap calls, none of which grows with the number of mounts or containers: cgroup hierarchies
/// are recognised by their file system's type below /sys/fs/cgroup, not by the mount table. What cannot be found out is
/// left at its default.
HostFacts probe();

/// The cgroup that this process is in, for each hierarchy (CgroupHierarchy::caller): as a path from what is mounted,
/// also where a container's hierarchies are mounted without a cgroup namespace. Only relative cgroupsPaths need it.
void probe_caller_cgroups(HostFacts& facts);

/// The sysctls that explain a failure: read only when there is one.
void probe_for_hints(HostFacts& facts);

}  // namespace caisson::host
