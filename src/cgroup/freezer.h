// Stops all processes of a cgroup where they are, and lets them go on: v1's freezer, and v2 (Linux 5.2).
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"

namespace caisson::cgroup {

inline constexpr std::chrono::milliseconds kFreezePatience{10'000};

/// Freezes the cgroup that a container has in `directories` (Layout::directories) with all below it, and returns when
/// everything in it stands still. A v1 cgroup that something forks in, or that waits for a disk, stays in "FREEZING":
/// it is asked again, and let go in between.
///
/// Errors: none of the directories can be frozen (no freezer is mounted); not all of it stands still after `patience`:
/// it has been thawed again.
Result<> freeze(const std::vector<std::string>& directories, std::chrono::milliseconds patience = kFreezePatience);

/// Thaws it. One that is not frozen is fine, and so is one that is gone, or goes meanwhile. Errors: those of its files;
/// it stays frozen because a cgroup above it is.
Result<> thaw(const std::vector<std::string>& directories, std::chrono::milliseconds patience = kFreezePatience);

/// True if it was frozen by itself, not by a cgroup above it. False where there is nothing that can freeze.
bool is_frozen(const std::vector<std::string>& directories);

}  // namespace caisson::cgroup
