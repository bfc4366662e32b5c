// `update`: other limits for a cgroup that is in use. Pure; tables in test/unit/cgroup_update_test.cc.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cgroup/conversion.h"

namespace caisson::cgroup {

/// `present` with what `change` gives: an absent value, 0 where runc takes it for "not set", and an empty list change
/// nothing. `unified` changes file by file. Devices never change: a container's rules are those that it was made with.
spec::Resources merged(const spec::Resources& present, const spec::Resources& change);

/// The writes that change the limits of the cgroup at `place` from `present` to merged(present, change): only of what
/// `change` gives, and what that needs of the present values (v2's swap needs the memory limit, its quota the period).
/// A memory limit of -1 lifts the one of swap too, unless swap is given.
///
/// In what order writes are accepted depends on what the kernel holds now: apply() finds it. Errors: those of layout();
/// a kind of limit that update cannot change.
Result<std::vector<FileWrite>> update_writes(const spec::Resources& present, const spec::Resources& change,
                                             const Place& place, const HostFacts& facts);

/// What those writes need on v2, from the top down: a container is made with the controllers alone that its limits
/// need. Those that are enabled already may be so again. Errors: those of update_writes().
Result<std::vector<EnabledControllers>> update_controllers(const spec::Resources& present,
                                                           const spec::Resources& change, const Place& place,
                                                           const HostFacts& facts);

}  // namespace caisson::cgroup
