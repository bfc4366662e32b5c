// The end of a run, and what its policy makes of it.
#pragma once

#include <optional>

#include "base/fd.h"
#include "base/log.h"
#include "engine/conclude.h"
#include "engine/places.h"
#include "engine/record.h"

namespace caisson::engine {

/// Called by what a container's monitor has become, who holds `lock`, once its first process has ended with
/// `wait_status` (nothing: nobody knows how). Where the container's policy says so, this process waits and starts it
/// again: it is its monitor then, and does not return. SIGTERM while it waits ends that. Otherwise as conclude(): also
/// when it could not be started, which is its ending then.
Ending conclude_or_restart(const Places& places, const Record& record, const Live& live, std::optional<int> wait_status,
                           Fd lock, const Log& log);

}  // namespace caisson::engine
