#include "engine/restart_policy.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::engine {

namespace {

struct WhenRow {
  RestartWhen when;
  std::string_view word;
};
constexpr std::array kWhens = {WhenRow{RestartWhen::kNo, "no"}, WhenRow{RestartWhen::kOnFailure, "on-failure"},
                               WhenRow{RestartWhen::kAlways, "always"},
                               WhenRow{RestartWhen::kUnlessStopped, "unless-stopped"}};

}  // namespace

Result<RestartPolicy> read_restart_policy(std::string_view text) {
  if (text.empty()) return RestartPolicy();
  const Cut parts = cut(text, ':');
  const auto* row = std::find_if(kWhens.begin(), kWhens.end(), [&](const WhenRow& r) { return r.word == parts.head; });
  if (row == kWhens.end()) {
    return fail(complaint(fmt::format("'{}' is no restart policy", text),
                          "no, always, unless-stopped, on-failure and on-failure:NUMBER are"));
  }
  RestartPolicy policy{.when = row->when};
  if (!parts.tail) return policy;
  const auto retries = parse_unsigned(*parts.tail);
  if (policy.when != RestartWhen::kOnFailure) {
    return fail(complaint(fmt::format("'{}': only on-failure takes a number of retries", text)));
  }
  if (!retries || *retries > std::numeric_limits<std::uint32_t>::max()) {
    return fail(complaint(fmt::format("'{}' is no number of retries", *parts.tail)));
  }
  policy.retries = static_cast<std::uint32_t>(*retries);
  return policy;
}

std::string_view restart_policy_name(const RestartPolicy& policy) {
  return std::find_if(kWhens.begin(), kWhens.end(), [&](const WhenRow& r) { return r.when == policy.when; })->word;
}

std::string restart_policy_words(const RestartPolicy& policy) {
  std::string words(restart_policy_name(policy));
  return policy.retries == 0 ? words : fmt::format("{}:{}", words, policy.retries);
}

bool restarts(const RestartPolicy& policy, const RestartFacts& facts) {
  if (facts.asked_for) return false;
  switch (policy.when) {
    case RestartWhen::kNo: return false;
    case RestartWhen::kOnFailure:
      return facts.exit_code != 0 && (policy.retries == 0 || facts.restarts < policy.retries);
    case RestartWhen::kAlways:
    case RestartWhen::kUnlessStopped: return true;
  }
  return false;
}

bool restarts_after_boot(const RestartPolicy& policy, bool ran, bool asked_for) {
  switch (policy.when) {
    case RestartWhen::kNo:
    case RestartWhen::kOnFailure: return false;
    case RestartWhen::kAlways: return true;
    case RestartWhen::kUnlessStopped: return ran || !asked_for;
  }
  return false;
}

std::chrono::milliseconds restart_delay(std::uint32_t short_runs) {
  constexpr std::chrono::milliseconds kFirst{100};
  constexpr std::chrono::milliseconds kLongest{60'000};
  constexpr std::uint32_t kDoublings = 10;  // 100 ms × 2¹⁰ is beyond the longest
  return std::min(kLongest, kFirst * (1U << std::min(short_runs, kDoublings)));
}

}  // namespace caisson::engine
