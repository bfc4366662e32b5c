// What this host offers, found out once a command.
#pragma once

#include "host/facts.h"

namespace caisson::host {

/// Probes with a few dozen cheap calls, none of which grows with the number of mounts or containers: cgroup hierarchies
/// are recognised by their file system's type below /sys/fs/cgroup, not by the mount table. What cannot be found out is
/// left at its default.
HostFacts probe();

/// The sysctls that explain a failure: read only when there is one.
void probe_for_hints(HostFacts& facts);

}  // namespace caisson::host
