#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/duration.h"
#include "oci/stats_json.h"

namespace caisson::oci {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Duration, IsGos) {
  using namespace std::chrono_literals;
  EXPECT_EQ(parse_duration("5s"), 5s);
  EXPECT_EQ(parse_duration("100ms"), 100ms);
  EXPECT_EQ(parse_duration("1m30s"), 90s);
  EXPECT_EQ(parse_duration("1.5h"), 90min);
  EXPECT_EQ(parse_duration("2µs3ns"), 2003ns);
  EXPECT_EQ(parse_duration("0"), 0s);
  EXPECT_EQ(parse_duration("0s"), 0s);
  for (const char* text : {"", "5", "s", "-1s", "5x", "1..5s", "5 s", "1e3s", "999999999999h", "5sm"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(Events, OfWantOfMemoryAreALine) { EXPECT_EQ(oom_event("a"), R"({"type":"oom","id":"a"})"); }

// What runc 1.1.5 prints of a container that does nothing.
TEST(Events, OfNothingHaveWhatIsAlwaysThere) {
  EXPECT_EQ(
      stats_event("a", {}),
      R"({"type":"stats","id":"a","data":{"cpu":{"usage":{"kernel":0,"user":0},"throttling":{}},)"
      R"("cpuset":{"cpu_exclusive":0,"mem_hardwall":0,"mem_exclusive":0,"memory_migrate":0,"memory_spread_page":0,)"
      R"("memory_spread_slab":0,"memory_pressure":0,"sched_load_balance":0,"sched_relax_domain_level":0},)"
      R"("memory":{"usage":{"limit":0,"failcnt":0},"swap":{"limit":0,"failcnt":0},"kernel":{"limit":0,"failcnt":0},)"
      R"("kernelTCP":{"limit":0,"failcnt":0}},"pids":{},"blkio":{},"hugetlb":{},"intel_rdt":{},)"
      R"("network_interfaces":null}})");
}

TEST(Events, HaveWhatThereIs) {
  cgroup::Stats stats;
  stats.cpu = {.total_ns = 5, .per_cpu_ns = {5, 0}, .periods = 2, .throttled_periods = 1, .throttled_ns = 7};
  stats.cpu.pressure = cgroup::parse_pressure("some avg10=1.50 avg60=0.00 avg300=0.00 total=9\n");
  stats.memory.cache = 3;
  stats.memory.usage.limit = UINT64_MAX;
  stats.memory.raw = {{"rss", 4}};
  stats.pids = {.current = 1, .limit = 20};
  stats.block_io.service_bytes = {{8, 0, "Read", 4096}, {8, 0, "", 0}};
  stats.hugepages["2MB"] = {.usage = 1};
  stats.rdma_current = {{"mlx", 1, 2}};
  const std::string line = stats_event("a", stats);
  EXPECT_THAT(line, HasSubstr(R"("usage":{"total":5,"percpu":[5,0],"kernel":0,"user":0})"));
  EXPECT_THAT(line, HasSubstr(R"("throttling":{"periods":2,"throttledPeriods":1,"throttledTime":7})"));
  EXPECT_THAT(line, HasSubstr(R"("psi":{"some":{"avg10":1.5,"avg60":0.0,"avg300":0.0,"total":9},"full":{"avg10":0.0)"));
  EXPECT_THAT(line, HasSubstr(R"("memory":{"cache":3,"usage":{"limit":18446744073709551615,"failcnt":0})"));
  EXPECT_THAT(line, HasSubstr(R"("raw":{"rss":4})"));
  EXPECT_THAT(line, HasSubstr(R"("pids":{"current":1,"limit":20})"));
  EXPECT_THAT(line, HasSubstr(R"("ioServiceBytesRecursive":[{"major":8,"op":"Read","value":4096},{"major":8}])"));
  EXPECT_THAT(line, HasSubstr(R"("hugetlb":{"2MB":{"usage":1,"failcnt":0}})"));
  EXPECT_THAT(line, HasSubstr(R"("rdma_current":[{"device":"mlx","hca_handles":1,"hca_objects":2}])"));
  EXPECT_THAT(line, Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace caisson::oci
