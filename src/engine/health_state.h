// How well a container is: what its last checks have found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "engine/containers.h"
#include "engine/health.h"
#include "engine/places.h"

namespace caisson::engine {

enum class Health { kStarting, kHealthy, kUnhealthy };
std::string_view health_word(Health health);

/// One check.
struct HealthProbe {
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  int exit_code = 0;   ///< 0: well; -1: it took too long
  std::string output;  ///< the first 4096 bytes

  bool operator==(const HealthProbe&) const = default;
};

/// RUNROOT/containers/ID/health.json: of the container as it runs now.
struct HealthState {
  Health health = Health::kStarting;
  std::int64_t failing_streak = 0;
  std::vector<HealthProbe> probes;  ///< the last five, oldest first
};

std::string to_json(const HealthState& state);
Result<HealthState> read_health_state(const std::string& json);

/// The state once `probe` has been made. Failures count after the start period alone, or once it was well; so many in a
/// row as the check's retries make it unhealthy. Pure.
HealthState with_probe(HealthState state, HealthProbe probe, const image::Healthcheck& check, std::int64_t started_ns);

/// Nothing: it has no health check, or does not run.
std::optional<HealthState> health_of(const Places& places, const Container& container);

/// Waits until a check of the container `id` has succeeded; false if the process behind `pidfd` has ended before.
bool await_health(const Places& places, const std::string& id, int pidfd);

/// Makes a check now, keeps what it finds, and where that makes the container unhealthy does what is asked for then.
/// Errors: there is no check; it does not run, or is paused.
Result<HealthProbe> check_health(const Places& places, const Container& container, const Log& log);

}  // namespace caisson::engine
