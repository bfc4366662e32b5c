// How a container ended, in one sentence.
#include "explain/death.h"

#include <gtest/gtest.h>

namespace caisson::explain {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr int kKilled = 9;
constexpr int kCoreDumped = 11 | 0x80;

constexpr int exited(int status) { return status << 8; }

struct DeathCase {
  std::string name;
  Death death;
  std::string text;
};
void PrintTo(const DeathCase& c, std::ostream* out) { *out << c.name; }

class DeathTest : public testing::TestWithParam<DeathCase> {};

TEST_P(DeathTest, IsOneSentence) { EXPECT_EQ(death(GetParam().death), GetParam().text); }

const std::vector<DeathCase> kDeaths = {
    {"Exited", {.wait_status = exited(0)}, "exited with status 0"},
    {"ExitedWithMemoryToSpare",
     {.wait_status = exited(3), .memory_limit = kMiB, .memory_peak = kMiB / 2},
     "exited with status 3"},
    {"KilledAtTheLimit",
     {.wait_status = kKilled,
      .memory_limit = 100 * kMiB,
      .memory_peak = 100 * kMiB,
      .oom_kills = 1,
      .victims = {{12, "python3"}}},
     "killed by signal 9 (SIGKILL): the memory limit of 100 MiB was reached (peak 100 MiB, 1 kill by the kernel: "
     "python3, pid 12)"},
    {"SeveralKilledAtTheLimit",
     {.wait_status = kKilled,
      .memory_limit = 100 * kMiB,
      .oom_kills = 3,
      .victims = {{12, "a"}, {0, "b"}, {13, ""}, {0, ""}}},
     "killed by signal 9 (SIGKILL): the memory limit of 100 MiB was reached (3 kills by the kernel: a, pid 12; b; pid "
     "13)"},
    {"KilledAtALimitAbove",
     {.wait_status = kKilled, .oom_kills = 1},
     "killed by signal 9 (SIGKILL): a memory limit above the container's was reached (1 kill by the kernel)"},
    {"ChildKilledAtTheLimit",
     {.wait_status = exited(0), .memory_limit = 100 * kMiB, .oom_kills = 1},
     "exited with status 0; 1 process inside was killed at the memory limit of 100 MiB"},
    {"ShellReportsItsChild",
     {.wait_status = exited(137), .memory_limit = 100 * kMiB, .oom_kills = 2, .victims = {{7, "eat"}}},
     "exited with status 137; 2 processes inside were killed at the memory limit of 100 MiB: eat, pid 7"},
    {"LivesOn",
     {.running = true, .memory_limit = kMiB, .oom_kills = 1},
     "running; 1 process inside was killed at the memory limit of 1 MiB"},
    {"LivesOnUnharmed", {.running = true}, "running"},
    {"KilledByNobodyKnown", {.wait_status = kKilled}, "killed by signal 9 (SIGKILL)"},
    {"Stopped", {.wait_status = 15, .ender = Ender::kStop}, "killed by signal 15 (SIGTERM): stopped by caisson stop"},
    {"StoppedAndObeyed",
     {.wait_status = exited(0), .ender = Ender::kStop},
     "exited with status 0: stopped by caisson stop"},
    {"KilledByHand", {.wait_status = 10, .ender = Ender::kKill}, "killed by signal 10 (SIGUSR1): sent by caisson kill"},
    {"TimeWasUp",
     {.wait_status = kKilled, .ender = Ender::kTimeout, .timeout_seconds = 5},
     "killed by signal 9 (SIGKILL): its time of 5 seconds was up"},
    {"StoppedAfterAChildWasKilled",
     {.wait_status = kKilled, .memory_limit = kMiB, .oom_kills = 1, .ender = Ender::kStop},
     "killed by signal 9 (SIGKILL): stopped by caisson stop; 1 process inside was killed at the memory limit of 1 MiB"},
    {"Crashed", {.wait_status = kCoreDumped}, "killed by signal 11 (SIGSEGV), with a core dump"},
    {"OutOfProcesses",
     {.wait_status = exited(1), .pids_limit = 10, .pids_limit_hits = 4},
     "exited with status 1; the limit of 10 processes refused 4 forks"},
};
INSTANTIATE_TEST_SUITE_P(Ends, DeathTest, testing::ValuesIn(kDeaths), [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace caisson::explain
