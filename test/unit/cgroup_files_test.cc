// What is read from a cgroup's files, on directories that look like one.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cgroup/apply.h"
#include "cgroup/current.h"
#include "cgroup/freezer.h"
#include "cgroup/occupation.h"
#include "cgroup/oom_watch.h"
#include "cgroup/stats.h"
#include "kernel/files.h"
#include "temporary_directory.h"

namespace caisson::cgroup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class Pretended : public testing::Test {
 protected:
  std::string make(const std::string& path, const std::map<std::string, std::string>& files) {
    const std::filesystem::path directory = top_ / path;
    std::filesystem::create_directories(directory);
    for (const auto& [name, content] : files) std::ofstream(directory / name) << content;
    return directory.string();
  }
  static std::string content(const std::string& path) { return kernel::read_file(path).value_or("(none)"); }

 private:
  TemporaryDirectory top_;
};
class StatsFiles : public Pretended {};
class FreezerFiles : public Pretended {};
class Applying : public Pretended {};
class Occupied : public Pretended {};
class OomWatching : public Pretended {};

TEST(Lists, AreRangesAndNumbers) {
  EXPECT_THAT(parse_list("0-2,7"), ElementsAre(0, 1, 2, 7));
  EXPECT_THAT(parse_list(""), IsEmpty());
  EXPECT_THAT(parse_list("x,3,99999999999"), ElementsAre(3));
}

TEST_F(StatsFiles, OfV1AreFoundInEachHierarchy) {
  const std::string cpuacct = make("cpuacct", {{"cpuacct.usage", "5000\n"},
                                               {"cpuacct.usage_percpu", "3000 2000 \n"},
                                               {"cpuacct.usage_all", "cpu user system\n0 100 200\n1 300 400\n"},
                                               {"cpuacct.stat", fmt::format("user {0}\nsystem 1\n", 2)}});
  const std::string cpu = make("cpu", {{"cpu.stat", "nr_periods 10\nnr_throttled 4\nthrottled_time 777\n"}});
  const std::string cpuset = make("cpuset", {{"cpuset.cpus", "0-1\n"},
                                             {"cpuset.mems", "0\n"},
                                             {"cpuset.sched_load_balance", "1\n"},
                                             {"cpuset.sched_relax_domain_level", "-1\n"}});
  const std::string memory = make("memory", {{"memory.limit_in_bytes", "100\n"},
                                             {"memory.usage_in_bytes", "50\n"},
                                             {"memory.max_usage_in_bytes", "90\n"},
                                             {"memory.failcnt", "2\n"},
                                             {"memory.memsw.limit_in_bytes", "200\n"},
                                             {"memory.kmem.tcp.usage_in_bytes", "6\n"},
                                             {"memory.stat", "cache 7\nrss 8\ninactive_anon x\n"}});
  const std::string pids = make("pids", {{"pids.current", "3\n"}, {"pids.max", "20\n"}});
  const std::string blkio =
      make("blkio", {{"blkio.bfq.io_service_bytes_recursive", "Total 0\n"},
                     {"blkio.throttle.io_serviced", "Total 0\n"},
                     {"blkio.throttle.io_service_bytes_recursive", "8:0 Read 4096\n8:0 Total 4096\nTotal 4096\n"},
                     {"blkio.sectors_recursive", "8:16 5\n"}});
  const std::string hugetlb = make("hugetlb", {{"hugetlb.2MB.usage_in_bytes", "1\n"},
                                               {"hugetlb.2MB.max_usage_in_bytes", "2\n"},
                                               {"hugetlb.2MB.rsvd.usage_in_bytes", "11\n"},
                                               {"hugetlb.2MB.rsvd.max_usage_in_bytes", "12\n"},
                                               {"hugetlb.2MB.rsvd.failcnt", "13\n"},
                                               {"hugetlb.1GB.usage_in_bytes", "21\n"}});
  const Stats stats = read_stats({cpuacct, cpu, cpuset, memory, pids, blkio, hugetlb, "/nowhere"});
  EXPECT_EQ(stats.cpu.total_ns, 5000U);
  EXPECT_EQ(stats.cpu.user_ns, 2'000'000'000U / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)));
  EXPECT_THAT(stats.cpu.per_cpu_ns, ElementsAre(3000, 2000));
  EXPECT_THAT(stats.cpu.per_cpu_user_ns, ElementsAre(100, 300));
  EXPECT_THAT(stats.cpu.per_cpu_kernel_ns, ElementsAre(200, 400));
  EXPECT_EQ(stats.cpu.periods, 10U);
  EXPECT_EQ(stats.cpu.throttled_periods, 4U);
  EXPECT_EQ(stats.cpu.throttled_ns, 777U);
  EXPECT_FALSE(stats.cpu.pressure);
  EXPECT_THAT(stats.cpuset.cpus, ElementsAre(0, 1));
  EXPECT_EQ(stats.cpuset.sched_relax_domain_level, -1);
  EXPECT_EQ(stats.cpuset.sched_load_balance, 1U);
  EXPECT_EQ(stats.memory.cache, 7U);
  EXPECT_EQ(stats.memory.usage.limit, 100U);
  EXPECT_EQ(stats.memory.usage.usage, 50U);
  EXPECT_EQ(stats.memory.usage.max, 90U);
  EXPECT_EQ(stats.memory.usage.failures, 2U);
  EXPECT_EQ(stats.memory.swap.limit, 200U);
  EXPECT_EQ(stats.memory.kernel_tcp.usage, 6U);
  EXPECT_THAT(stats.memory.raw, ElementsAre(Pair("cache", 7), Pair("rss", 8)));
  EXPECT_EQ(stats.pids.current, 3U);
  EXPECT_EQ(stats.pids.limit, 20U);
  EXPECT_THAT(stats.block_io.service_bytes,
              ElementsAre(BlockIoEntry{8, 0, "Read", 4096}, BlockIoEntry{8, 0, "Total", 4096}));
  EXPECT_THAT(stats.block_io.sectors, ElementsAre(BlockIoEntry{8, 16, "", 5}));
  EXPECT_EQ(stats.hugepages.at("2MB").usage, 11U);
  EXPECT_EQ(stats.hugepages.at("2MB").failures, 13U);
  EXPECT_EQ(stats.hugepages.at("1GB").usage, 21U);
}

TEST_F(StatsFiles, OfV2AreInV1sShape) {
  const std::string all =
      make("all",
           {{"cpu.stat", "usage_usec 5\nuser_usec 3\nsystem_usec 2\nnr_periods 9\nnr_throttled 8\nthrottled_usec 7\n"},
            {"cpu.pressure", "some avg10=1.50 avg60=0.00 avg300=0.00 total=9\n"},
            {"cpuset.cpus", "0\n"},
            {"memory.current", "50\n"},
            {"memory.max", "100\n"},
            {"memory.peak", "90\n"},
            {"memory.events", "low 0\nmax 4\noom 1\n"},
            {"memory.stat", "anon 1\nfile 30\n"},
            {"memory.swap.current", "5\n"},
            {"memory.swap.max", "10\n"},
            {"pids.current", "3\n"},
            {"pids.max", "max\n"},
            {"io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n8:16 \n"},
            {"hugetlb.2MB.current", "1\n"},
            {"hugetlb.2MB.events", "max 2\n"},
            {"rdma.current", "mlx4_0 hca_handle=2 hca_object=20\n"},
            {"rdma.max", "mlx4_0 hca_handle=max hca_object=30\n"}});
  const Stats stats = read_stats({all});
  EXPECT_EQ(stats.cpu.total_ns, 5000U);
  EXPECT_EQ(stats.cpu.user_ns, 3000U);
  EXPECT_EQ(stats.cpu.kernel_ns, 2000U);
  EXPECT_EQ(stats.cpu.throttled_ns, 7000U);
  ASSERT_TRUE(stats.cpu.pressure && stats.cpu.pressure->some);
  EXPECT_DOUBLE_EQ(stats.cpu.pressure->some->of_10_s, 1.5);
  EXPECT_THAT(stats.cpuset.cpus, IsEmpty());
  EXPECT_EQ(stats.memory.cache, 30U);
  EXPECT_EQ(stats.memory.usage.max, 90U);
  EXPECT_EQ(stats.memory.usage.failures, 4U);
  EXPECT_EQ(stats.memory.swap.usage, 55U);
  EXPECT_EQ(stats.memory.swap.limit, 110U);
  EXPECT_EQ(stats.pids.limit, 0U);
  EXPECT_THAT(stats.block_io.service_bytes, ElementsAre(BlockIoEntry{8, 0, "Read", 1}, BlockIoEntry{8, 0, "Write", 2},
                                                        BlockIoEntry{8, 0, "Discard", 5}));
  EXPECT_THAT(stats.block_io.serviced, ElementsAre(BlockIoEntry{8, 0, "Read", 3}, BlockIoEntry{8, 0, "Write", 4},
                                                   BlockIoEntry{8, 0, "Discard", 6}));
  EXPECT_EQ(stats.hugepages.at("2MB").usage, 1U);
  EXPECT_EQ(stats.hugepages.at("2MB").failures, 2U);
  ASSERT_EQ(stats.rdma_limit.size(), 1U);
  EXPECT_EQ(stats.rdma_limit[0].handles, UINT32_MAX);
  EXPECT_EQ(stats.rdma_current[0].objects, 20U);
}

TEST_F(StatsFiles, WithoutLimitsSaySo) {
  const std::string all =
      make("all", {{"memory.current", "50\n"}, {"memory.max", "max\n"}, {"memory.swap.max", "max\n"}});
  const Stats stats = read_stats({all});
  EXPECT_EQ(stats.memory.usage.limit, UINT64_MAX);
  EXPECT_EQ(stats.memory.swap.limit, UINT64_MAX);
}

TEST_F(FreezerFiles, SayWhetherItIsFrozen) {
  EXPECT_TRUE(is_frozen({make("a", {{"freezer.state", "FROZEN\n"}, {"freezer.self_freezing", "1\n"}})}));
  EXPECT_FALSE(is_frozen({make("b", {{"freezer.state", "FROZEN\n"}, {"freezer.self_freezing", "0\n"}})}))
      << "by its parent";
  EXPECT_TRUE(is_frozen({make("c", {{"cgroup.freeze", "1\n"}})}));
  EXPECT_FALSE(is_frozen({make("d", {{"cgroup.freeze", "0\n"}})}));
  EXPECT_FALSE(is_frozen({make("e", {})}));
  const Result<> frozen = freeze({make("e", {})});
  ASSERT_FALSE(frozen.has_value());
  EXPECT_THAT(frozen.error().text(), HasSubstr("it has no cgroup that can"));
}

TEST_F(FreezerFiles, ThatNeverBecomeFrozenAreThawedAgain) {
  using std::chrono::milliseconds;
  const std::string v2 = make("v2", {{"cgroup.freeze", "0"}, {"cgroup.events", "populated 1\nfrozen 0\n"}});
  const Result<> frozen = freeze({v2}, milliseconds(20));
  ASSERT_FALSE(frozen.has_value());
  EXPECT_THAT(frozen.error().text(), HasSubstr("unable to freeze"));
  EXPECT_EQ(content(v2 + "/cgroup.freeze"), "0");
  const std::string v1 = make("v1", {{"freezer.state", "FREEZING"}, {"freezer.self_freezing", "1"}});
  // A plain file keeps what is written: "FROZENNG" is not "FROZEN", as the kernel's "FREEZING" is not.
  EXPECT_FALSE(freeze({v1}, milliseconds(20)).has_value());
  EXPECT_THAT(content(v1 + "/freezer.state"), testing::StartsWith("THAWED"));
}

TEST_F(FreezerFiles, ThatGoAwayAreThawed) {
  using std::chrono::milliseconds;
  EXPECT_TRUE(thaw({"/nowhere"}).has_value());
  // "THAWEDXX" is not "THAWED": it is waited for.
  const std::string v1 = make("v1", {{"freezer.state", "FROZENXX"}});
  EXPECT_FALSE(thaw({v1}, milliseconds(20)).has_value());
  std::thread ends([&] {
    std::this_thread::sleep_for(milliseconds(20));
    std::filesystem::remove_all(v1);
  });
  EXPECT_TRUE(thaw({v1}).has_value());
  ends.join();
}

TEST_F(Applying, WritesAllOrNothing) {
  const std::string group = make("g", {{"a", "1"}, {"b", "2"}, {"io", "8:0 rbps=5 wbps=max"}});
  ASSERT_TRUE(
      apply({{.path = group + "/a", .value = "3"}, {.path = group + "/gone", .value = "4", .may_be_missing = true}})
          .has_value());
  EXPECT_EQ(content(group + "/a"), "3");
  ASSERT_TRUE(
      apply({{.path = group + "/gone", .value = "4", .other_path = group + "/b", .other_value = "5"}}).has_value());
  EXPECT_EQ(content(group + "/b"), "5");

  const Result<> refused = apply({{.path = group + "/a", .value = "6"},
                                  {.path = group + "/io", .value = "8:0 rbps=9"},
                                  {.path = group + "/b", .value = "7"},
                                  {.path = group + "/gone", .value = "8", .item = "the item"}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().item, "the item");
  EXPECT_EQ(refused.error().number, ENOENT);
  EXPECT_EQ(content(group + "/a"), "3");
  EXPECT_EQ(content(group + "/b"), "5");
  EXPECT_THAT(content(group + "/io"), testing::StartsWith("8:0 rbps=5"));
}

TEST_F(Applying, RefusesLimitsThatAreExceededAlready) {
  const std::string group = make("g", {{"memory.current", "100\n"}, {"memory.swap.current", "20\n"}});
  EXPECT_TRUE(check_memory_usage(group, 101, 121).has_value());
  EXPECT_TRUE(check_memory_usage(group, -1, 0).has_value());
  EXPECT_TRUE(check_memory_usage("/nowhere", 1, 1).has_value());
  EXPECT_EQ(check_memory_usage(group, 100, 0).error().text(),
            "linux.resources.memory.limit: rejecting memory limit 100 <= usage 100");
  EXPECT_EQ(check_memory_usage(group, 0, 120).error().text(),
            "linux.resources.memory.swap: rejecting memory+swap limit 120 <= usage 120");
}

TEST_F(Occupied, CgroupsAreLookedInto) {
  const std::string devices = make("devices", {{"cgroup.procs", "1\n2\n"}, {"devices.list", "a *:* rwm\n"}});
  const std::string freezer =
      make("freezer", {{"cgroup.procs", "1\n"}, {"freezer.self_freezing", "0\n"}, {"freezer.state", "THAWED\n"}});
  const Result<Occupation> occupied = look_into({"/nowhere", devices, freezer});
  ASSERT_FALSE(occupied.has_value());
  EXPECT_EQ(occupied.error().text(), "container's cgroup is not empty: 2 process(es) found");
  make("devices", {{"cgroup.procs", ""}});
  EXPECT_FALSE(look_into({devices})->has_children);
  make("devices/below", {});
  EXPECT_TRUE(look_into({devices})->has_children);
  EXPECT_EQ(look_into({devices})->device_list, "a *:* rwm\n");
  EXPECT_TRUE(look_into({"/nowhere"}));
  const Result<Occupation> frozen =
      look_into({make("f", {{"freezer.self_freezing", "1\n"}, {"freezer.state", "FROZEN\n"}})});
  ASSERT_FALSE(frozen.has_value());
  EXPECT_EQ(frozen.error().text(), "container's cgroup unexpectedly frozen");
}

TEST(CurrentCgroup, IsTheContainersOrBelow) {
  const std::string listing = kernel::read_file("/proc/self/cgroup").value_or("");
  const std::size_t line = listing.find("0::/");
  if (line == std::string::npos) GTEST_SKIP() << "no cgroup v2 here";
  std::string own = listing.substr(line + 3, listing.find('\n', line) - line - 3);
  if (own == "/") own.clear();
  EXPECT_EQ(current_cgroup(::getpid(), "/mnt" + own, "/mnt").value_or("?"), "/mnt" + own);
  EXPECT_THAT(current_cgroup(::getpid(), "/mnt" + own + "/x", "/mnt").error().text(),
              HasSubstr("has left the container"));
}

TEST_F(OomWatching, OfV2ReportsKillsAndTheEnd) {
  const std::string group = make("g", {{"memory.events", "oom_kill 1\n"}, {"cgroup.events", "populated 1\n"}});
  Result<OomWatch> watch = OomWatch::start({"/nowhere", group});
  ASSERT_TRUE(watch.has_value()) << watch.error().text();
  EXPECT_EQ(watch->next(), OomWatch::News::kNothing) << "what was before does not count";
  make("g", {{"memory.events", "oom_kill 2\n"}});
  EXPECT_EQ(watch->next(), OomWatch::News::kOutOfMemory);
  make("g", {{"cgroup.events", "populated 0\n"}});
  EXPECT_EQ(watch->next(), OomWatch::News::kEnded);
  EXPECT_FALSE(OomWatch::start({"/nowhere"}).has_value());
}

}  // namespace
}  // namespace caisson::cgroup
