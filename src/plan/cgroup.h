// A container's cgroup alone.
#pragma once

#include "base/result.h"
#include "plan/build.h"

namespace caisson::plan {

/// The plan that makes the cgroup of a container with its limits, for a first process that comes to be by other means
/// than a plan's. systemd makes it around the process that the caller gives in slot kSlotPid. Errors: those of
/// plan_container() that are about the cgroup.
Result<Plan> plan_cgroup(const spec::Config& config, const HostFacts& facts, const Request& request);

}  // namespace caisson::plan
