#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "sample.h"

namespace caisson::bench {
namespace {

std::vector<Sample> samples_of(const std::vector<int>& times_ms) {
  std::vector<Sample> samples;
  for (const int time_ms : times_ms)
    samples.push_back({.wall_ns = time_ms * std::int64_t{1'000'000}, .max_rss_kib = 100 + time_ms, .status = 0});
  return samples;
}

struct SummaryCase {
  const char* name;
  std::vector<int> times_ms;
  double min_ms, q1_ms, median_ms, q3_ms, max_ms;
};

class SummaryTest : public testing::TestWithParam<SummaryCase> {};

TEST_P(SummaryTest, HoldsTheQuartiles) {
  const Summary summary = summarise(samples_of(GetParam().times_ms));
  EXPECT_DOUBLE_EQ(summary.min_ms, GetParam().min_ms);
  EXPECT_DOUBLE_EQ(summary.q1_ms, GetParam().q1_ms);
  EXPECT_DOUBLE_EQ(summary.median_ms, GetParam().median_ms);
  EXPECT_DOUBLE_EQ(summary.q3_ms, GetParam().q3_ms);
  EXPECT_DOUBLE_EQ(summary.max_ms, GetParam().max_ms);
  EXPECT_EQ(summary.max_rss_kib, 100 + static_cast<int>(GetParam().max_ms));
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
  char said[16] = {};
  EXPECT_EQ(pread(errors.get(), said, sizeof said, 0), 6);
  EXPECT_STREQ(said, "words\n");
}

TEST(RunOnce, GivesStatus127ForWhatCannotBeStarted) {
  const auto sample = run_once({.command = {"/nonexistent/program"}}, Fd());
  ASSERT_TRUE(sample);
  EXPECT_EQ(WEXITSTATUS(sample->status), 127);
}

}  // namespace
}  // namespace caisson::bench
