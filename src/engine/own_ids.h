// An ordinary user's own ids, and what is done as root of a user namespace that has all of them: files of containers
// belong to ids that the user itself is not.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "engine/places.h"
#include "engine/user_namespace.h"
#include "host/facts.h"
#include "kernel/user_namespace.h"

namespace caisson::engine {

struct OwnIds {
  IdRanges users;  ///< the user itself, then its subordinate ids; only the former where `lacking` says why
  IdRanges groups;
  kernel::IdMaps maps;  ///< of the namespace with all of them
  std::string lacking;  ///< why there are no subordinate ids, in words; empty: there are
};

/// The caller's, from /etc/subuid and /etc/subgid. Where one of them, or the programs that map them, are missing, there
/// is one id: the user's own.
OwnIds own_ids(const HostFacts& facts);

/// Says once, not at every run, what is missing where there is only one id.
void say_once_what_is_lacking(const OwnIds& own, const Places& places, const Log& log);

/// If `error` is that the namespace cannot be made or mapped (kernel::fork_in_user_namespace), with the hint that a
/// plan which makes the same one would get; any other as it is.
Error with_namespace_hint(Error error, const OwnIds& own);

/// Runs `work` as root of the namespace, in a child. Errors: `work`'s, or the namespace's.
Result<> as_root_of(const OwnIds& own, const std::function<Result<>()>& work);

/// Removes a container's tree: what an ordinary user may not remove itself, as root of a namespace with its ids.
Result<> remove_container_tree(const std::string& path);

/// Ends a container's cgroups (cgroup/removal.h), those below too that it has given to users of its own.
Result<> remove_container_cgroups(const std::vector<std::string>& directories);

}  // namespace caisson::engine
