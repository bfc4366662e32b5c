// A running process that another one joins: what it has of its own.
#pragma once

#include <sys/types.h>

#include <vector>

#include "base/result.h"
#include "spec/config.h"

namespace caisson::runtime {

/// The namespaces of the process `pid` that are not the calling process's: one that is shared with the caller cannot be
/// told apart from the host's.
Result<std::vector<spec::NamespaceType>> other_namespaces(pid_t pid);

/// Whether setgroups(2) is allowed in its user namespace: one that an ordinary user made denies it
/// (user_namespaces(7)).
bool may_set_groups(pid_t pid);

}  // namespace caisson::runtime
