// A running process that another one joins: what it has of its own.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "host/facts.h"
#include "spec/config.h"

namespace caisson::runtime {

/// The namespaces of the process `pid` that are not the calling process's: one that is shared with the caller cannot be
/// told apart from the host's.
Result<std::vector<spec::NamespaceType>> other_namespaces(pid_t pid);

/// Whether setgroups(2) is allowed in its user namespace: one that an ordinary user made denies it
/// (user_namespaces(7)).
bool may_set_groups(pid_t pid);

/// The cgroups, one a hierarchy, that a process joins which goes into the container of the process `pid`: its
/// `directories`; or the one that `pid` is in on v2, where its own is gone, or has others below so that none can be in
/// it.
Result<std::vector<std::string>> cgroups_to_join(std::vector<std::string> directories, pid_t pid,
                                                 const HostFacts& facts);

}  // namespace caisson::runtime
