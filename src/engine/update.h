// `update`: other limits and another restart policy for a container that is there.
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "engine/containers.h"
#include "engine/places.h"
#include "engine/run_options.h"

namespace caisson::engine {

/// Changes the limits that `options` name, and the policy if they do: of what runs at once, and for every later start.
/// Errors: those of compose_limits() and runtime::update_limits(); nothing has changed then.
Result<> update_container(const Places& places, const Container& container, const RunOptions& options, const Log& log);

}  // namespace caisson::engine
