// Ending and removing containers from outside.
#pragma once

#include <optional>

#include "base/log.h"
#include "base/result.h"
#include "engine/containers.h"
#include "engine/places.h"

namespace caisson::engine {

/// Sends `signal` to a container's first process; one that waits for its next start does not start again. Errors: it
/// does not run.
Result<> kill_container(const Places& places, const Container& container, int signal);

/// Waits until a container that is ending, as one that was sent SIGKILL, has ended and is cleaned up.
Result<> await_end(const Places& places, const Container& container, const Log& log);

/// Sends its stop signal (or `signal`), and SIGKILL if it has not ended after its timeout (or `timeout_s`; -1: never).
/// Returns when it has ended and is cleaned up. One that does not run is fine. Says on `log` when the first process
/// ignores the signal.
Result<> stop_container(const Places& places, const Container& container, std::optional<int> signal,
                        std::optional<std::int32_t> timeout_s, const Log& log);

/// The same before the host goes down: what its policy says of a boot holds as if it ran until then.
Result<> stop_until_boot(const Places& places, const Container& container, std::optional<int> signal,
                         std::optional<std::int32_t> timeout_s, const Log& log);

/// Stops it, if it runs, as stop_container(), and starts it again, detached. One that was to be removed with its end
/// (--rm) is not, this time.
Result<> restart_container(const Places& places, const Container& container, std::optional<int> signal,
                           std::optional<std::int32_t> timeout_s, const Log& log);

enum class Force { kNo, kYes };

/// Removes a container; one that runs only with force, which kills it. Its name and files are free when this returns.
/// Errors: it is a pod's infra container, which goes with the pod.
Result<> remove(const Places& places, const Container& container, Force force, const Log& log);

/// The same for who removes the pod: any of its containers.
Result<> remove_member(const Places& places, const Container& container, Force force, const Log& log);

/// All its processes stand still, until they are let go on. Errors: it does not run, or stands still already; those of
/// cgroup::freeze().
Result<> pause_container(const Places& places, const Container& container);
Result<> unpause_container(const Places& places, const Container& container);

/// Errors: the name is none, or another's.
Result<> rename_container(const Places& places, const Container& container, const std::string& name);

}  // namespace caisson::engine
