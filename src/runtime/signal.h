// Signals for a container.
#pragma once

#include "base/result.h"
#include "runtime/state.h"

namespace caisson::runtime {

enum class Whom { kInit, kAll };

/// Sends `signal` to the container's first process, or to all that are in its cgroup. SIGKILL reaches all of them in
/// any case where it has no pid namespace of its own, whose end would be theirs; it waits 20 ms at most for the first
/// process's end, because who asks whether it is still there (podman, every 100 ms) asks right after. Errors:
/// "container not running".
Result<> signal(const Container& container, int signal, Whom whom);

}  // namespace caisson::runtime
