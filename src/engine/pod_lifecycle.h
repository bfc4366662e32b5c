// Pods started, stopped, signalled, held still and removed: all their containers.
#pragma once

#include <optional>

#include "base/log.h"
#include "base/result.h"
#include "engine/lifecycle.h"
#include "engine/pods.h"

namespace caisson::engine {

/// Starts what does not run: the infra container, the init containers, each to its end, then the others, the oldest
/// first. Errors: of the first that does not start; the others are started all the same, unless it is an init
/// container, which ends with another status than 0, too.
Result<> start_pod(const Places& places, const Pod& pod, const Log& log);

/// Stops all that runs, at the same time, and the infra container last.
Result<> stop_pod(const Places& places, const Pod& pod, std::optional<std::int32_t> timeout_s, const Log& log);

Result<> restart_pod(const Places& places, const Pod& pod, const Log& log);

/// Sends `signal` to all that run.
Result<> kill_pod(const Places& places, const Pod& pod, int signal, const Log& log);

Result<> pause_pod(const Places& places, const Pod& pod);
Result<> unpause_pod(const Places& places, const Pod& pod);

/// Removes the pod with its containers and the volumes that were made for them alone. With force those that run are
/// ended first, within `timeout_s`, where there is one. Errors: one runs, and without force nothing is removed.
Result<> remove_pod(const Places& places, const Pod& pod, Force force, std::optional<std::int32_t> timeout_s,
                    const Log& log);

}  // namespace caisson::engine
