// The end of a cgroup: what is left in it is killed, and it is removed.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace caisson::cgroup {

/// Removes the cgroups `directories` (one a hierarchy: Layout::directories) with all below them, after killing every
/// process left in them. One that does not exist is fine. When all are empty this is one rmdir(2) each.
///
/// A process is killed through a pidfd, and only if it is in the cgroup after the pidfd was opened: a reused pid is
/// nobody's death warrant. v2 is killed as a whole by cgroup.kill (Linux 5.14). v1 groups are frozen meanwhile, so that
/// they cannot fork away, and thawed.
///
/// Errors, after two seconds at most: a directory that could not be removed, with what is left in it in the hint. The
/// calling process never kills itself; a root of a hierarchy is refused.
Result<> kill_and_remove(const std::vector<std::string>& directories);

/// Removes those of the cgroups that have neither processes nor cgroups below; the others stay as they are. Error: one
/// that may not be removed.
Result<> remove_if_empty(const std::vector<std::string>& directories);

/// Kills every process in the cgroups and waits, two seconds at most, until they are gone; the cgroups stay.
/// Error: a process that is still there.
Result<> kill_all(const std::vector<std::string>& directories);

}  // namespace caisson::cgroup
