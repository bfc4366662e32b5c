// All processes of a container stopped where they are, and let go on.
#pragma once

#include "base/result.h"
#include "runtime/state.h"

namespace caisson::runtime {

/// Freezes what is in the container's cgroups. Errors, in runc's words: "container not running" for one that is neither
/// running nor created (one that is paused already too); those of cgroup::freeze().
Result<> pause(const Container& container);

/// Lets it go on. Errors: "container not paused"; those of cgroup::thaw().
Result<> resume(const Container& container);

}  // namespace caisson::runtime
