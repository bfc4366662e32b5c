// Whether a cgroup that is there already may become a container's.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace caisson::cgroup {

/// What was found in the cgroups `directories` before a container is let into them. All of it is as new where they do
/// not exist yet, which is nearly always.
struct Occupation {
  bool has_children = false;     ///< of a v1 devices cgroup: its rules may change by a transition alone
  std::string device_list = {};  ///< its devices.list then
};

/// Looks. Errors, in runc's words: "container's cgroup unexpectedly frozen", which nobody waits for: a process would be
/// caught in it for as long as it pleases whoever froze it; "container's cgroup is not empty: 2 process(es) found",
/// those below not counted.
Result<Occupation> look_into(const std::vector<std::string>& directories);

}  // namespace caisson::cgroup
