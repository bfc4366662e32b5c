// Shares of a processor's last cache and of its way to the memory (Intel RDT, AMD QoS), for a running container.
// Documentation/arch/x86/resctrl.rst.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace caisson::cgroup {

inline constexpr const char* kResctrl = "/sys/fs/resctrl";

/// What `update` was told of them; empty: nothing.
struct Schemata {
  std::string l3_cache;          ///< "L3:0=f;1=f0"
  std::string memory_bandwidth;  ///< "MB:0=20;1=70"
};

/// Gives the group `name`, which is made if it is missing, these shares and the processes `pids`.
///
/// Errors, in runc's words: "Intel RDT/CAT: l3 cache schema is not enabled", "Intel RDT/MBA: memory bandwidth schema is
/// not enabled": the file system is not mounted at `mount`, or this processor has no such thing. A schema that the
/// kernel refuses, with what it says about it (info/last_cmd_status). A group that was made is removed then.
Result<> set_schemata(const Schemata& schemata, const std::string& name, const std::vector<pid_t>& pids,
                      const std::string& mount = kResctrl);

}  // namespace caisson::cgroup
