#include "engine/health.h"

#include <gtest/gtest.h>

namespace caisson::engine {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

std::vector<std::string> command(std::string_view text) {
  return read_health_command(text).value_or(std::vector<std::string>{"none"});
}

TEST(HealthCommand, IsForAShellOrWordByWord) {
  EXPECT_EQ(command("curl -f localhost || exit 1"),
            (std::vector<std::string>{"CMD-SHELL", "curl -f localhost || exit 1"}));
  EXPECT_EQ(command(R"(["CMD","true","x y"])"), (std::vector<std::string>{"CMD", "true", "x y"}));
  EXPECT_EQ(command(R"(["true"])"), (std::vector<std::string>{"CMD", "true"}));
  EXPECT_EQ(command("none"), std::vector<std::string>{"NONE"});
  for (const char* wrong : {"", "[", "[]", "[1]", R"(["CMD"])", R"(["CMD-SHELL"])"})
    EXPECT_FALSE(read_health_command(wrong)) << wrong;
}

TEST(ChooseHealth, HasTheDefaultsOfDocker) {
  const auto policy = choose_health({.test = {"CMD", "true"}}, std::nullopt);
  ASSERT_TRUE(policy && *policy);
  EXPECT_EQ((*policy)->check, (image::Healthcheck{.test = {"CMD", "true"},
                                                  .interval_ns = 30'000'000'000,
                                                  .timeout_ns = 30'000'000'000,
                                                  .start_period_ns = 0,
                                                  .start_interval_ns = 5'000'000'000,
                                                  .retries = 3}));
  EXPECT_EQ(health_command((*policy)->check), std::vector<std::string>{"true"});
}

TEST(ChooseHealth, TakesTheImagesWhereNoOptionSaysOtherwise) {
  const image::Healthcheck image{.test = {"CMD-SHELL", "check"}, .interval_ns = 7, .retries = 9};
  const auto policy = choose_health({.interval = 250ms, .on_failure = OnUnhealthy::kStop}, image);
  ASSERT_TRUE(policy && *policy);
  EXPECT_EQ((*policy)->check.interval_ns, 250'000'000);
  EXPECT_EQ((*policy)->check.retries, 9);
  EXPECT_EQ((*policy)->on_failure, OnUnhealthy::kStop);
  EXPECT_EQ(health_command((*policy)->check), (std::vector<std::string>{"/bin/sh", "-c", "check"}));
}

TEST(ChooseHealth, IsNoneWhereThereIsNone) {
  const image::Healthcheck image{.test = {"CMD", "true"}};
  EXPECT_EQ(choose_health({}, std::nullopt).value(), std::nullopt);
  EXPECT_EQ(choose_health({.none = true}, image).value(), std::nullopt);
  EXPECT_EQ(choose_health({.test = {"NONE"}}, image).value(), std::nullopt);
  EXPECT_EQ(choose_health({}, image::Healthcheck{.test = {"NONE"}}).value(), std::nullopt);
  EXPECT_EQ(choose_health({}, image::Healthcheck{}).value(), std::nullopt);
}

TEST(ChooseHealth, RefusesOptionsAboutNothing) {
  EXPECT_EQ(choose_health({.interval = 1s}, std::nullopt).error().text(),
            "there is no health check that the --health options are about");
  EXPECT_EQ(choose_health({.none = true, .retries = 2}, std::nullopt).error().text(),
            "--no-healthcheck and the --health options exclude each other");
}

}  // namespace
}  // namespace caisson::engine
