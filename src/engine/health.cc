#include "engine/health.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/value_grammar.h"

namespace caisson::engine {

namespace {

struct ActionRow {
  OnUnhealthy action;
  std::string_view word;
};
constexpr std::array kActions = {ActionRow{OnUnhealthy::kNothing, "none"}, ActionRow{OnUnhealthy::kKill, "kill"},
                                 ActionRow{OnUnhealthy::kRestart, "restart"}, ActionRow{OnUnhealthy::kStop, "stop"}};

constexpr std::int64_t kSecond_ns = 1'000'000'000;

void take(std::int64_t& time_ns, const std::optional<std::chrono::nanoseconds>& chosen, std::int64_t usual_ns) {
  if (chosen) time_ns = chosen->count();
  if (time_ns <= 0) time_ns = usual_ns;
}

}  // namespace

Result<std::vector<std::string>> read_health_command(std::string_view text) {
  if (text.empty()) return fail(complaint("the value is empty"));
  if (text == "none") return std::vector<std::string>{"NONE"};
  if (text[0] != '[') return std::vector<std::string>{"CMD-SHELL", std::string(text)};
  std::vector<std::string> words = TRY(read_entrypoint(text));
  if (words.empty()) return fail(complaint("the command is empty"));
  if (words[0] != "CMD" && words[0] != "CMD-SHELL" && words[0] != "NONE") words.insert(words.begin(), "CMD");
  if (words[0] == "CMD" && words.size() == 1) return fail(complaint("a command is missing behind CMD"));
  if (words[0] == "CMD-SHELL" && words.size() != 2) return fail(complaint("CMD-SHELL takes one command"));
  return words;
}

Result<OnUnhealthy> read_on_unhealthy(std::string_view text) {
  for (const ActionRow& row : kActions) {
    if (row.word == text) return row.action;
  }
  return fail(complaint(fmt::format("'{}' is neither none, kill, restart nor stop", text)));
}

std::string_view on_unhealthy_word(OnUnhealthy action) {
  return std::find_if(kActions.begin(), kActions.end(), [&](const ActionRow& r) { return r.action == action; })->word;
}

Result<std::optional<HealthPolicy>> choose_health(const HealthChoice& choice,
                                                  const std::optional<image::Healthcheck>& image) {
  const bool asks = !choice.test.empty() || choice.interval || choice.timeout || choice.start_period ||
                    choice.start_interval || choice.retries || choice.on_failure != OnUnhealthy::kNothing;
  const bool is_off = choice.none || (!choice.test.empty() && choice.test[0] == "NONE");
  if (choice.none && asks) return fail(complaint("--no-healthcheck and the --health options exclude each other"));
  if (is_off) return std::nullopt;
  HealthPolicy policy{.check = image.value_or(image::Healthcheck()), .on_failure = choice.on_failure};
  if (!choice.test.empty()) policy.check.test = choice.test;
  const std::vector<std::string>& test = policy.check.test;
  // A question to a port is the manifest's of a pod alone, never an image's.
  const bool asks_port = !choice.test.empty() && test.size() > 2 && (test[0] == "TCP" || test[0] == "HTTP");
  const bool is_check = asks_port || (test.size() > 1 && (test[0] == "CMD" || test[0] == "CMD-SHELL"));
  if (!is_check && asks)
    return fail(complaint("there is no health check that the --health options are about", "--health-cmd gives one"));
  if (!is_check) return std::nullopt;
  take(policy.check.interval_ns, choice.interval, 30 * kSecond_ns);
  take(policy.check.timeout_ns, choice.timeout, 30 * kSecond_ns);
  take(policy.check.start_period_ns, choice.start_period, 0);
  take(policy.check.start_interval_ns, choice.start_interval, 5 * kSecond_ns);
  policy.check.retries = choice.retries.value_or(policy.check.retries);
  if (policy.check.retries <= 0) policy.check.retries = 3;
  return policy;
}

std::vector<std::string> health_command(const image::Healthcheck& check) {
  if (check.test[0] == "CMD-SHELL") return {"/bin/sh", "-c", check.test[1]};
  return {check.test.begin() + 1, check.test.end()};
}

}  // namespace caisson::engine
