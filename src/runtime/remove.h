// The end of a container, and of everything that was kept of it.
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "runtime/launch.h"
#include "runtime/state.h"

namespace caisson::runtime {

enum class Force { kNo, kYes };

/// Removes a container: with kYes whatever it does, else only one that is stopped, or created and never started. Its
/// poststop hooks run; what they do wrong is warned of. Errors: "cannot delete container X that is not stopped:
/// running"; what could not be removed, after which it can be tried again.
Result<> remove(const StateRoot& root, const Container& container, Force force, const Log& log);

/// Kills what is left of it and removes its cgroup and its directory, in that order, without hooks: for one that did
/// not come to be.
Result<> remove_all(const StateRoot& root, const Record& record);

}  // namespace caisson::runtime
