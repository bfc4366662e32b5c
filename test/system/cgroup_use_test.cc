// Real cgroups of this test's own, in use: frozen, limited otherwise, watched.
#include <poll.h>
#include <sys/mman.h>

#include <gmock/gmock.h>

#include "cgroup/apply.h"
#include "cgroup/freezer.h"
#include "cgroup/occupation.h"
#include "cgroup/oom_watch.h"
#include "cgroup/stats.h"
#include "real_cgroup.h"

namespace caisson::cgroup {
namespace {

using testing::HasSubstr;

class CgroupInUse : public RealCgroup {
 protected:
  static std::string content(const std::string& path) {
    std::string line;
    std::getline(std::ifstream(path), line);
    return line;
  }
  static std::string memory(const char* file) { return in("memory") + "/memory." + file; }
};

TEST_F(CgroupInUse, IsFrozenWithAllBelowAndThawed) {
  int* counter = static_cast<int*>(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(counter, MAP_FAILED);
  start("", [] {});
  start("/below", [counter] {
    for (;;) {
      __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
      ::poll(nullptr, 0, 1);
    }
  });
  EXPECT_FALSE(is_frozen(directories_));
  ASSERT_TRUE(freeze(directories_).has_value());
  EXPECT_TRUE(is_frozen(directories_));
  EXPECT_FALSE(is_frozen({in("freezer") + "/below"})) << "not by itself";
  const int before = __atomic_load_n(counter, __ATOMIC_RELAXED);
  ::poll(nullptr, 0, 30);
  EXPECT_EQ(__atomic_load_n(counter, __ATOMIC_RELAXED), before);
  EXPECT_THAT(look_into(directories_).error().text(), HasSubstr("unexpectedly frozen"));
  EXPECT_THAT(thaw({in("freezer") + "/below"}, std::chrono::milliseconds(20)).error().text(),
              HasSubstr("stays frozen"));
  ASSERT_TRUE(thaw(directories_).has_value());
  EXPECT_FALSE(is_frozen(directories_));
  for (int i = 0; i < 1000 && __atomic_load_n(counter, __ATOMIC_RELAXED) == before; ++i) ::poll(nullptr, 0, 5);
  EXPECT_NE(__atomic_load_n(counter, __ATOMIC_RELAXED), before);
  EXPECT_THAT(look_into(directories_).error().text(), HasSubstr("is not empty: 1 process(es) found"));
  ::munmap(counter, 4096);
}

// Memory first is right for a new cgroup and for a lower limit, swap first for a higher one.
TEST_F(CgroupInUse, ChangesItsLimitsInWhicheverOrderTheyFit) {
  const auto limits = [&](const char* limit, const char* both) {
    return apply({{.path = memory("limit_in_bytes"), .value = limit, .item = "limit"},
                  {.path = memory("memsw.limit_in_bytes"), .value = both, .item = "both"}});
  };
  for (const auto& [limit, both] :
       {std::pair("8388608", "16777216"), {"33554432", "67108864"}, {"4194304", "8388608"}}) {
    const Result<> made = limits(limit, both);
    ASSERT_TRUE(made.has_value()) << made.error().text();
    EXPECT_EQ(content(memory("limit_in_bytes")), limit);
    EXPECT_EQ(content(memory("memsw.limit_in_bytes")), both);
  }
  const Result<> crossed = limits("16777216", "8388608");
  ASSERT_FALSE(crossed.has_value());
  EXPECT_EQ(crossed.error().number, EINVAL);
  EXPECT_EQ(content(memory("limit_in_bytes")), "4194304");
}

TEST_F(CgroupInUse, KeepsItsLimitsWhereOneIsRefused) {
  put(in("pids") + "/pids.max", "11");
  put(memory("limit_in_bytes"), "67108864");
  start("", [] {
    char* bytes = static_cast<char*>(
        ::mmap(nullptr, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0));
    bytes[0] = 1;
    ::mlock(bytes, 8 << 20);
  });
  for (int i = 0; i < 1000 && std::stoll(content(memory("usage_in_bytes"))) < 8 << 20; ++i) ::poll(nullptr, 0, 5);
  const Result<> refused =
      apply({{.path = in("pids") + "/pids.max", .value = "5"},
             {.path = in("cpu") + "/cpu.cfs_period_us", .value = "50000"},
             {.path = memory("limit_in_bytes"), .value = "4096", .item = "linux.resources.memory.limit"}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(
      refused.error().text(),
      testing::MatchesRegex("linux.resources.memory.limit: unable to set memory limit to 4096 \\(current usage: "
                            "[0-9]+, peak usage: [0-9]+\\)"));
  EXPECT_EQ(content(in("pids") + "/pids.max"), "11");
  EXPECT_EQ(content(in("cpu") + "/cpu.cfs_period_us"), "100000");
}

TEST_F(CgroupInUse, IsWatchedForWantOfMemoryAndItsEnd) {
  Result<OomWatch> watch = OomWatch::start(directories_);
  ASSERT_TRUE(watch.has_value()) << watch.error().text();
  EXPECT_EQ(watch->next(), OomWatch::News::kNothing);
  put(memory("limit_in_bytes"), "4194304");
  put(memory("memsw.limit_in_bytes"), "4194304");
  const pid_t pid = start("", [] {
    ::mmap(nullptr, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    for (;;) {
      volatile char* bytes = static_cast<char*>(
          ::mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0));
      bytes[0] = 1;
    }
  });
  struct pollfd news{.fd = watch->fd(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&news, 1, 20'000), 1);
  EXPECT_EQ(watch->next(), OomWatch::News::kOutOfMemory);
  expect_killed(pid);
  while (watch->next() == OomWatch::News::kOutOfMemory) {
  }
  ASSERT_TRUE(kill_and_remove({in("memory")}).has_value());
  ASSERT_EQ(::poll(&news, 1, 20'000), 1);
  EXPECT_EQ(watch->next(), OomWatch::News::kEnded);
}

TEST_F(CgroupInUse, TellsWhatItUses) {
  put(in("pids") + "/pids.max", "17");
  start("", [] {
    for (volatile int i = 0; i < 100'000'000;) i = i + 1;
  });
  ::poll(nullptr, 0, 20);
  const Stats stats = read_stats(directories_);
  EXPECT_EQ(stats.pids.current, 1U);
  EXPECT_EQ(stats.pids.limit, 17U);
  EXPECT_GT(stats.cpu.total_ns, 0U);
  EXPECT_EQ(stats.cpu.per_cpu_ns.size(), static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_CONF)));
  EXPECT_EQ(stats.cpu.per_cpu_user_ns.size(), stats.cpu.per_cpu_ns.size());
  EXPECT_GT(stats.memory.raw.size(), 10U);
  EXPECT_FALSE(stats.cpuset.cpus.empty());
}

}  // namespace
}  // namespace caisson::cgroup
