// Where in its v2 cgroup a container is by now.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace caisson::cgroup {

/// The v2 cgroup that process `pid` is in now, as a directory below `mount`, where the hierarchy is.
Result<std::string> unified_cgroup(pid_t pid, const std::string& mount);

/// The same, if it is `directory` or below it. A container's first process may have moved down and given controllers to
/// cgroups below (a service manager does): then nobody can be put into the container's own cgroup any more (EBUSY), and
/// `exec` goes where that process is.
///
/// Errors: the process is gone, or is somewhere else: outside of the container's cgroup is nowhere for `exec` to go.
Result<std::string> current_cgroup(pid_t pid, const std::string& directory, const std::string& mount);

}  // namespace caisson::cgroup
