// --restart: whether a container that has ended starts again, and when. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace caisson::engine {

enum class RestartWhen {
  kNo,
  kOnFailure,      ///< when its exit status is not 0
  kAlways,         ///< and after a boot
  kUnlessStopped,  ///< the same, but for a boot after somebody stopped it
};

struct RestartPolicy {
  RestartWhen when = RestartWhen::kNo;
  std::uint32_t retries = 0;  ///< of kOnFailure: how often at most; 0: without end
  bool operator==(const RestartPolicy&) const = default;
};

/// "no", "always", "unless-stopped", "on-failure" or "on-failure:N" (docker-run(1) --restart; an empty one is "no").
Result<RestartPolicy> read_restart_policy(std::string_view text);
std::string_view restart_policy_name(const RestartPolicy& policy);  ///< without the number
std::string restart_policy_words(const RestartPolicy& policy);

/// What the decision depends on.
struct RestartFacts {
  int exit_code = 0;
  bool asked_for = false;      ///< somebody stopped or killed it
  std::uint32_t restarts = 0;  ///< by the policy, since somebody started it
};
bool restarts(const RestartPolicy& policy, const RestartFacts& facts);

/// Whether a container with this policy, which `ran` when the host went down (or else `asked_for`, or not, had ended),
/// starts with the next boot.
bool restarts_after_boot(const RestartPolicy& policy, bool ran, bool asked_for);

/// How long to wait before the next start, after `short_runs` runs in a row that were shorter than kLongRun: 100 ms,
/// and twice as long each time, up to a minute (as docker has it).
std::chrono::milliseconds restart_delay(std::uint32_t short_runs);
inline constexpr std::chrono::seconds kLongRun{10};

}  // namespace caisson::engine
