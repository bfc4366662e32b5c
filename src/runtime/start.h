// The second half of a container that was created.
#pragma once

#include <expected>

#include "base/log.h"
#include "runtime/launch.h"
#include "runtime/state.h"

namespace caisson::runtime {

/// Has a created container execute its program, and runs its poststart hooks. What its process cannot do is told as it
/// is of create, by the plan that the configuration of that time makes. Errors as runc words them: "cannot start an
/// already running container", "cannot start a container that has stopped". With a service manager's socket
/// (notify.h) returns once the program has said that it is ready. One whose poststart hook fails is removed.
std::expected<void, LaunchError> start(const StateRoot& root, const Container& container, const Log& log);

}  // namespace caisson::runtime
