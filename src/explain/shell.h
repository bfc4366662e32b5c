// A plan as a shell script that makes the same container.
#pragma once

#include <string>

#include "plan/plan.h"

namespace caisson::explain {

/// A POSIX shell script that makes the plan's container with util-linux, coreutils, iproute2 and dash of Debian 12, run
/// by root: the same namespaces, mounts, cgroups, limits, capabilities and environment. What a shell cannot do is a
/// comment that says so. The script cleans up after itself and ends with the program's status.
std::string as_shell(const plan::Plan& plan);

}  // namespace caisson::explain
