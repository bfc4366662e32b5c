// What a container's health check is. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/image_config.h"

namespace caisson::engine {

/// What happens to a container that is found unhealthy (podman-run(1) --health-on-failure).
enum class OnUnhealthy { kNothing, kKill, kRestart, kStop };

/// The options that begin with --health, and --no-healthcheck; what is absent was not asked for.
struct HealthChoice {
  bool none = false;
  std::vector<std::string> test;  ///< as image::Healthcheck::test, or a question to a port (engine/network_probe.h)
  std::optional<std::chrono::nanoseconds> interval;
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<std::chrono::nanoseconds> start_period;
  std::optional<std::chrono::nanoseconds> start_interval;
  std::optional<std::int64_t> retries;
  OnUnhealthy on_failure = OnUnhealthy::kNothing;
};

/// A check with all its times given, never 0 but the start period.
struct HealthPolicy {
  image::Healthcheck check;  ///< "CMD" or "CMD-SHELL", "TCP" or "HTTP"
  OnUnhealthy on_failure = OnUnhealthy::kNothing;

  bool operator==(const HealthPolicy&) const = default;
};

/// A command for a shell; or, as podman has it, a JSON array of a command's words; "none".
Result<std::vector<std::string>> read_health_command(std::string_view text);
Result<OnUnhealthy> read_on_unhealthy(std::string_view text);
std::string_view on_unhealthy_word(OnUnhealthy action);

/// What the options say, or else the image; or else the defaults: every 30 s, 30 s long, 3 times, no start period,
/// every 5 s in it. Nothing: there is no check. Errors: options about a check that there is none of.
Result<std::optional<HealthPolicy>> choose_health(const HealthChoice& choice,
                                                  const std::optional<image::Healthcheck>& image);

/// The command that is executed inside.
std::vector<std::string> health_command(const image::Healthcheck& check);

}  // namespace caisson::engine
