#include <gtest/gtest.h>

#include "base/signals.h"

namespace caisson {
namespace {

struct SignalCase {
  const char* text;
  std::optional<int> number;
};
class SignalTest : public testing::TestWithParam<SignalCase> {};
TEST_P(SignalTest, IsReadByNameOrNumber) { EXPECT_EQ(parse_signal(GetParam().text), GetParam().number); }
INSTANTIATE_TEST_SUITE_P(Signals, SignalTest,
                         testing::Values(SignalCase{"TERM", 15}, SignalCase{"SIGTERM", 15}, SignalCase{"sigkill", 9},
                                         SignalCase{"9", 9}, SignalCase{"64", 64}, SignalCase{"RTMIN", 34},
                                         SignalCase{"SIGRTMIN+3", 37}, SignalCase{"RTMAX-1", 63}, SignalCase{"CLD", 17},
                                         SignalCase{"0", std::nullopt}, SignalCase{"65", std::nullopt},
                                         SignalCase{"-9", std::nullopt}, SignalCase{"", std::nullopt},
                                         SignalCase{"SIG", std::nullopt}, SignalCase{"RTMIN-1", std::nullopt},
                                         SignalCase{"RTMIN+31", std::nullopt}, SignalCase{"TERMS", std::nullopt}));

TEST(SignalName, IsThatOfTheManPage) {
  EXPECT_EQ(signal_name(9), "SIGKILL");
  EXPECT_EQ(signal_name(37), "SIGRTMIN+3");
  EXPECT_EQ(signal_name(32), "signal 32");
  EXPECT_EQ(signal_name(0), "signal 0");
}

}  // namespace
}  // namespace caisson
