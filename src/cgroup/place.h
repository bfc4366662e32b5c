// Where a container's cgroup is, and the cgroups below it. Pure; tables in test/unit/cgroup_place_test.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "host/facts.h"

namespace caisson::cgroup {

/// Where one container's cgroup is.
struct Place {
  /// From each hierarchy's root, in the order of facts.hierarchies: "/caisson/ID". Empty: it has none there.
  std::vector<std::string> paths;
  bool is_default = false;  ///< nobody asked for it: who may make no cgroup there can do without
};

/// The place that linux.cgroupsPath names (config-linux.md "Cgroups Path"), for files and directories as they are
/// (not for systemd's "slice:prefix:name").
///
/// An absolute path begins at the root of each hierarchy. A relative one begins at the caller's own cgroup
/// (CgroupHierarchy::caller: host::probe_caller_cgroups()), a missing one is the container's id, relative. On v2 both
/// begin at the cgroup above the caller's: one with processes in it can hand no controllers down (as runc has it).
/// "//", "/./" and a trailing "/" mean nothing. Errors, with the item: "..", a root, a control character.
Result<Place> place_of(const std::string& cgroups_path, const std::string& id, const HostFacts& facts);

/// The place of the container that has the cgroups `directories` (Layout::directories): empty paths where it has none.
Place place_in(const std::vector<std::string>& directories, const HostFacts& facts);

/// `exec --cgroup`: where a further process goes that is not to be in the container's own cgroup.
///
/// `options` as they were given: one PATH below the container's cgroup for every hierarchy, or one
/// CONTROLLER[,CONTROLLER…]:PATH each; hierarchies that are not named keep the container's. `directories` are the
/// container's (Layout::directories). "/" is the container's cgroup itself. Errors: ".. is not a sub cgroup path", an
/// unknown controller, a mixture of both forms.
Result<std::vector<std::string>> sub_cgroups(const std::vector<std::string>& options,
                                             const std::vector<std::string>& directories, const HostFacts& facts);

/// The directory of `hierarchy` among a container's; nothing if it has none there.
const std::string* directory_in(const CgroupHierarchy& hierarchy, const std::vector<std::string>& directories);

/// `path` without empty and "." components, absolute: "/a/b" for "a//b/./". Nothing if it has "..", or bytes that a
/// line of a cgroup file cannot have.
std::optional<std::string> clean_path(std::string_view path);

}  // namespace caisson::cgroup
