#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "sample.h"

namespace caisson::bench {
namespace {

struct SummaryCase {
  const char* name;
  std::vector<double> values;
  double min, q1, median, q3, max;
};

class SummaryTest : public testing::TestWithParam<SummaryCase> {};

TEST_P(SummaryTest, HoldsTheQuartiles) {
  const Summary summary = summarise(GetParam().values);
  EXPECT_DOUBLE_EQ(summary.min, GetParam().min);
  EXPECT_DOUBLE_EQ(summary.q1, GetParam().q1);
  EXPECT_DOUBLE_EQ(summary.median, GetParam().median);
  EXPECT_DOUBLE_EQ(summary.q3, GetParam().q3);
  EXPECT_DOUBLE_EQ(summary.max, GetParam().max);
}

INSTANTIATE_TEST_SUITE_P(
    Samples, SummaryTest,
    testing::Values(SummaryCase{"one", {7}, 7, 7, 7, 7, 7}, SummaryCase{"two_lie_between", {3, 1}, 1, 1.5, 2, 2.5, 3},
                    SummaryCase{"odd_unsorted", {5, 1, 4, 2, 3}, 1, 2, 3, 4, 5},
                    SummaryCase{"an_outlier_moves_only_the_end", {1, 1, 1, 1, 90}, 1, 1, 1, 1, 90}),
    [](const auto& row) { return row.param.name; });

TEST(RunOnce, KeepsTheStatusAndTheWords) {
  const Fd errors(open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
  const auto sample = run_once({.command = {"/bin/sh", "-c", "echo out; echo words >&2; exit 3"}}, errors);
  ASSERT_TRUE(sample);
  EXPECT_EQ(WEXITSTATUS(sample->status), 3);
  EXPECT_GT(sample->wall_ns, 0);
  EXPECT_GT(sample->max_rss_kib, 0);
  char said[16] = {};
  EXPECT_EQ(pread(errors.get(), said, sizeof said, 0), 6);
  EXPECT_STREQ(said, "words\n");
}

TEST(RunOnce, GivesStatus127ForWhatCannotBeStarted) {
  const auto sample = run_once({.command = {"/nonexistent/program"}}, Fd());
  ASSERT_TRUE(sample);
  EXPECT_EQ(WEXITSTATUS(sample->status), 127);
}

TEST(RunOnce, KillsWhatTakesTooLong) {
  const std::int64_t start_ns = monotonic_ns();
  const auto sample = run_once({.command = {"/bin/sleep", "100"}}, Fd(), std::chrono::milliseconds(20));
  ASSERT_FALSE(sample);
  EXPECT_EQ(sample.error().text(), "not done after 20 ms: killed");
  EXPECT_LT(monotonic_ns() - start_ns, std::int64_t{50'000'000'000});
}

}  // namespace
}  // namespace caisson::bench
