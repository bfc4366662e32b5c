// Real cgroups of this test's own on a host with cgroup v1, as root: killed, removed, and asked what happened in them.

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cgroup/evidence.h"
#include "cgroup/oom.h"
#include "cgroup/removal.h"
#include "cgroup/tree.h"
#include "real_cgroup.h"

namespace caisson::cgroup {
namespace {

long long microseconds_of(const auto& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin).count();
}

TEST_F(RealCgroup, IsRemovedWhenEmpty) {
  const long long took = microseconds_of([&] { EXPECT_TRUE(kill_and_remove(directories_).has_value()); });
  RecordProperty("microseconds", static_cast<int>(took));
  EXPECT_LT(took, 100'000);
}

TEST_F(RealCgroup, IsRemovedWithTheProcessesInItAndBelow) {
  const pid_t top = start("", [] { ::signal(SIGTERM, SIG_IGN); });
  const pid_t below = start("/a/b", [] {});
  EXPECT_THAT(processes_in(in("memory")), testing::UnorderedElementsAre(top, below));
  const Result<> removed = kill_and_remove(directories_);
  EXPECT_TRUE(removed.has_value()) << removed.error().text() << removed.error().hint;
  expect_killed(top);
  expect_killed(below);
}

TEST_F(RealCgroup, IsEmptiedByKillAllAndStays) {
  const pid_t pid = start("/a", [] {});
  EXPECT_TRUE(kill_all(directories_).has_value());
  expect_killed(pid);
  EXPECT_TRUE(std::filesystem::exists(in("pids") + "/a"));
  EXPECT_TRUE(kill_all(directories_).has_value());
}

TEST_F(RealCgroup, IsRemovedWhenPaused) {
  const pid_t pid = start("", [] {});
  put(in("freezer") + "/freezer.state", "FROZEN");
  const Result<> removed = kill_and_remove(directories_);
  EXPECT_TRUE(removed.has_value()) << removed.error().text();
  expect_killed(pid);
}

TEST_F(RealCgroup, IsRemovedWhileItForks) {
  put(in("pids") + "/pids.max", "100");
  start("", [] {
    for (;;) {
      if (::fork() == 0) {
        while (::fork() >= 0) ::usleep(100);
        ::_exit(0);
      }
      while (::waitpid(-1, nullptr, WNOHANG) > 0) {
      }
    }
  });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (processes_in(in("pids")).size() < 20 && std::chrono::steady_clock::now() < deadline) ::sched_yield();
  EXPECT_GE(processes_in(in("pids")).size(), 20U);
  const Result<> removed = kill_and_remove(directories_);
  EXPECT_TRUE(removed.has_value()) << removed.error().text() << removed.error().hint;
}

TEST_F(RealCgroup, OfTheCallerIsRefusedWithItsName) {
  std::string own;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (line.find(":pids:") != std::string::npos) own = line.substr(line.rfind(':') + 1);
  }
  put(in("pids") + "/cgroup.procs", "0");
  const Result<> removed = kill_and_remove(directories_);
  put("/sys/fs/cgroup/pids" + own + "/cgroup.procs", "0");
  ASSERT_FALSE(removed.has_value());
  EXPECT_THAT(removed.error().text(), testing::StartsWith("rmdir(" + in("pids") + "): Device or resource busy"));
  EXPECT_THAT(removed.error().hint, testing::HasSubstr(fmt::format("process {} (system_cgroup)", ::getpid())));
}

TEST_F(RealCgroup, AsRootOfAHierarchyIsRefused) {
  EXPECT_FALSE(is_inner_cgroup("/sys/fs/cgroup/memory"));
  EXPECT_TRUE(is_inner_cgroup(in("memory")));
  EXPECT_THAT(kill_all({"/sys/fs/cgroup/pids"}).error().text(), testing::HasSubstr("is not a cgroup below the root"));
  EXPECT_FALSE(kill_and_remove({"/sys/fs/cgroup/pids"}).has_value());
}

TEST_F(RealCgroup, ThatSomebodyRemovesMeanwhileIsNoRoot) {
  const std::string group = in("pids") + "/brief";
  for (int round = 0; round < 2000; ++round) {
    ASSERT_TRUE(std::filesystem::create_directory(group));
    std::thread other([&] { ::rmdir(group.c_str()); });
    const Result<> killed = kill_all({group});
    other.join();
    ASSERT_TRUE(killed.has_value()) << killed.error().text();
  }
}

TEST_F(RealCgroup, TellsOfTheMemoryLimitAndItsVictim) {
  constexpr std::size_t kLimit = 8 << 20;
  put(in("memory") + "/memory.limit_in_bytes", std::to_string(kLimit));
  put(in("memory") + "/memory.memsw.limit_in_bytes", std::to_string(kLimit));
  struct timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const pid_t pid = start("/below", [] {
    for (;;)
      std::memset(::mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, 1 << 20);
  });
  expect_killed(pid);
  const Evidence evidence = read_evidence(directories_);
  EXPECT_EQ(evidence.memory_limit_bytes, kLimit);
  EXPECT_GT(evidence.memory_peak_bytes.value_or(0), kLimit * 9 / 10);
  EXPECT_EQ(evidence.oom_kills, 1U);
  EXPECT_GT(evidence.cpu_usage_us.value_or(0), 0U);

  const std::string path = fmt::format("/caisson-test-{}", ::getpid());
  const std::vector<OomVictim> victims = read_oom_victims(path, static_cast<std::uint64_t>(now.tv_sec) * 1'000'000);
  ASSERT_EQ(victims.size(), 1U);
  EXPECT_EQ(victims[0].pid, pid);
  EXPECT_EQ(victims[0].name, "system_cgroup");
  EXPECT_EQ(victims[0].cgroup, path + "/below");
  EXPECT_EQ(victims[0].limit_cgroup, path);
  EXPECT_THAT(read_oom_victims(path.substr(0, path.size() - 1)), testing::IsEmpty())
      << "a path is not a prefix of names";
  EXPECT_THAT(read_oom_victims(path, victims[0].time_us + 5'000'000), testing::IsEmpty());
}

TEST_F(RealCgroup, TellsOfThePidsLimitAndTheCpu) {
  put(in("pids") + "/pids.max", "1");
  put(in("cpu") + "/cpu.cfs_quota_us", "5000");
  const pid_t pid = start("", [] {
    if (::fork() == 0) ::_exit(0);
    while (::clock() < CLOCKS_PER_SEC / 10) {
    }
    ::_exit(0);
  });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (read_evidence(directories_).cpu_throttled_periods.value_or(0) == 0 &&
         std::chrono::steady_clock::now() < deadline)
    ::sched_yield();
  const Evidence evidence = read_evidence(directories_);
  EXPECT_EQ(evidence.pids_limit, 1U);
  EXPECT_EQ(evidence.pids_limit_hits, 1U);
  EXPECT_GT(evidence.cpu_throttled_periods.value_or(0), 0U);
  EXPECT_GE(evidence.cpu_periods.value_or(0), evidence.cpu_throttled_periods.value_or(0));
  EXPECT_GT(evidence.cpu_usage_us.value_or(0), 1000U);
  EXPECT_TRUE(kill_and_remove(directories_).has_value());
  expect_killed(pid);
}

}  // namespace
}  // namespace caisson::cgroup
