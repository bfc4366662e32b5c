// The hooks of a container that has started, or has ended.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "host/facts.h"
#include "plan/build.h"
#include "spec/config.h"

namespace caisson::runtime {

/// Runs the hooks of the list `name` (spec::kHookLists): "poststart" with the container's pid and the status "running",
/// "poststop" with the status "stopped". The container is as it is whatever they do: gives a warning for each that
/// failed (runtime.md, "Lifecycle").
std::vector<std::string> run_late_hooks(const spec::Config& config, std::string_view name, pid_t pid,
                                        const HostFacts& facts, const plan::Request& request);

}  // namespace caisson::runtime
