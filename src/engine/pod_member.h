// `run --pod`: what a container has of its pod.
#pragma once

#include "base/fd.h"
#include "base/log.h"
#include "base/result.h"
#include "engine/places.h"
#include "engine/run_options.h"

namespace caisson::engine {

/// Whether the container starts at once: what it joins has to run then.
enum class JoinFor { kStart, kLater };

/// Looks up the pod that `options` name (making that of "new:NAME", with their network and names), and turns what the
/// pod shares into options: namespaces, cgroup, volumes, policy, what has to run before. For kStart the infra
/// container is started. Gives the pod, held until the container runs; nothing to hold without a pod.
///
/// Errors: no such pod; options about what the pod's containers share; the infra container does not start.
Result<Fd> join_pod(RunOptions& options, JoinFor purpose, const Places& places, const Log& log);

}  // namespace caisson::engine
