#include "engine/restart_policy.h"

#include <gtest/gtest.h>

namespace caisson::engine {
namespace {

using std::chrono_literals::operator""ms;

RestartPolicy policy(std::string_view text) {
  const Result<RestartPolicy> read = read_restart_policy(text);
  EXPECT_TRUE(read) << text;
  return read.value_or(RestartPolicy{});
}

std::string problem(std::string_view text) {
  const Result<RestartPolicy> read = read_restart_policy(text);
  return read ? "none" : read.error().text();
}

TEST(RestartPolicy, IsReadAndWrittenInDockersWords) {
  for (const char* words : {"no", "always", "unless-stopped", "on-failure", "on-failure:3"})
    EXPECT_EQ(restart_policy_words(policy(words)), words);
  EXPECT_EQ(policy(""), RestartPolicy{});
  EXPECT_EQ(policy("on-failure:0"), policy("on-failure"));
}

TEST(RestartPolicy, SaysWhatIsWrongWithOne) {
  EXPECT_EQ(problem("sometimes"), "'sometimes' is no restart policy");
  EXPECT_EQ(problem("always:3"), "'always:3': only on-failure takes a number of retries");
  EXPECT_EQ(problem("on-failure:many"), "'many' is no number of retries");
  EXPECT_EQ(problem("on-failure:"), "'' is no number of retries");
  EXPECT_EQ(problem("on-failure:4294967296"), "'4294967296' is no number of retries");
}

TEST(RestartPolicy, DecidesByHowItEnded) {
  const RestartFacts fine{.exit_code = 0};
  const RestartFacts failed{.exit_code = 1};
  const RestartFacts stopped{.exit_code = 143, .asked_for = true};
  EXPECT_FALSE(restarts(policy("no"), failed));
  EXPECT_TRUE(restarts(policy("on-failure"), failed));
  EXPECT_FALSE(restarts(policy("on-failure"), fine));
  EXPECT_TRUE(restarts(policy("always"), fine));
  EXPECT_TRUE(restarts(policy("unless-stopped"), failed));
  for (const char* words : {"on-failure", "always", "unless-stopped"}) EXPECT_FALSE(restarts(policy(words), stopped));
}

TEST(RestartPolicy, CountsRetries) {
  EXPECT_TRUE(restarts(policy("on-failure:2"), {.exit_code = 1, .restarts = 1}));
  EXPECT_FALSE(restarts(policy("on-failure:2"), {.exit_code = 1, .restarts = 2}));
  EXPECT_TRUE(restarts(policy("on-failure"), {.exit_code = 1, .restarts = 1000}));
}

TEST(RestartPolicy, AfterABootOnlyUnlessStoppedRemembersAStop) {
  EXPECT_TRUE(restarts_after_boot(policy("always"), false, true));
  EXPECT_FALSE(restarts_after_boot(policy("unless-stopped"), false, true));
  EXPECT_TRUE(restarts_after_boot(policy("unless-stopped"), true, false));
  EXPECT_TRUE(restarts_after_boot(policy("unless-stopped"), false, false));
  EXPECT_FALSE(restarts_after_boot(policy("on-failure"), true, false));
}

TEST(RestartPolicy, WaitsTwiceAsLongEachTimeUpToAMinute) {
  EXPECT_EQ(restart_delay(0), 100ms);
  EXPECT_EQ(restart_delay(1), 200ms);
  EXPECT_EQ(restart_delay(9), 51'200ms);
  EXPECT_EQ(restart_delay(10), 60'000ms);
  EXPECT_EQ(restart_delay(UINT32_MAX), 60'000ms);
}

}  // namespace
}  // namespace caisson::engine
