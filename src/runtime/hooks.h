// The hooks beside a plan: of a container that is restored, has started, or has ended.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "host/facts.h"
#include "plan/build.h"
#include "spec/config.h"

namespace caisson::runtime {

/// Runs the prestart and then the createRuntime hooks of a container that comes to be by other means than a plan's:
/// they are told the status "creating" and `pid`, up to the first that fails. Error: its failure.
Result<> run_creation_hooks(const spec::Config& config, pid_t pid, const HostFacts& facts,
                            const plan::Request& request);

/// Runs the poststart hooks, which are told the status "running" and `pid`, up to the first that fails. Error: its
/// failure; the caller ends the container then (runtime.md, "Lifecycle").
Result<> run_poststart_hooks(const spec::Config& config, pid_t pid, const HostFacts& facts,
                             const plan::Request& request);

/// Runs all of the poststop hooks, which are told the status "stopped". Gives a warning for each that failed: the
/// container is as it is whatever they do.
std::vector<std::string> run_poststop_hooks(const spec::Config& config, const HostFacts& facts,
                                            const plan::Request& request);

}  // namespace caisson::runtime
