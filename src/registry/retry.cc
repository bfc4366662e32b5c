#include "registry/retry.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

namespace caisson::registry {

bool is_worth_another_try(const HttpOutcome& outcome) {
  using Kind = HttpFailure::Kind;
  if (!outcome) return outcome.error().kind == Kind::kCut || outcome.error().kind == Kind::kUnreachable;
  const long status = outcome->status;
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

bool Patience::wait_after(const HttpOutcome& outcome) {
  if (!is_worth_another_try(outcome) || ++tries_ >= limits_.tries) return false;
  const long long doubled = static_cast<long long>(limits_.first_wait_ms) << std::min(tries_ - 1, 16);
  const long long asked = outcome ? 1000LL * outcome->retry_after_s : 0;
  if (asked > limits_.longest_wait_ms) return false;
  // Those that failed together do not come back together.
  thread_local std::minstd_rand random{std::random_device{}()};
  const long long backoff = std::min<long long>(doubled, limits_.longest_wait_ms);
  const long long jittered = backoff / 2 + static_cast<long long>(random()) % (backoff / 2 + 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(std::max(asked, jittered)));
  return true;
}

HttpOutcome persist(const HttpLimits& limits, const std::function<HttpOutcome()>& attempt) {
  Patience patience(limits);
  for (;;) {
    HttpOutcome outcome = attempt();
    if (!patience.wait_after(outcome)) return outcome;
  }
}

}  // namespace caisson::registry
