#include "cgroup/conversion.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cgroup/device_program.h"
#include "host/facts.h"
#include "spec/config.h"

namespace caisson::cgroup {
namespace {

using spec::Resources;

CgroupHierarchy v1(const std::string& controller) { return {"/sys/fs/cgroup/" + controller, {controller}, false}; }

HostFacts v1_host() {
  HostFacts facts{.kernel = "6.18.44", .cgroup_mode = CgroupMode::kV1};
  for (const char* controller :
       {"blkio", "cpu", "cpuset", "devices", "freezer", "hugetlb", "memory", "net_cls", "net_prio", "pids"}) {
    facts.hierarchies.push_back(v1(controller));
  }
  facts.hierarchies.push_back({"/sys/fs/cgroup/systemd", {"name=systemd"}, false});
  return facts;
}

HostFacts hybrid_host() {
  HostFacts facts = v1_host();
  facts.cgroup_mode = CgroupMode::kHybrid;
  std::erase_if(facts.hierarchies, [](const CgroupHierarchy& h) { return h.has("hugetlb"); });
  facts.hierarchies.push_back({"/sys/fs/cgroup/unified", {"hugetlb"}, true});
  return facts;
}

HostFacts v2_host() {
  return {.kernel = "6.1.0",
          .cgroup_mode = CgroupMode::kV2,
          .hierarchies = {{"/sys/fs/cgroup", {"cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma"}, true}}};
}

// "memory.limit_in_bytes=1": the file, the value.
std::vector<std::string> written(const Layout& layout) {
  std::vector<std::string> lines;
  for (const FileWrite& write : layout.writes) {
    EXPECT_TRUE(write.directory.ends_with("/caisson/ID")) << write.directory;
    lines.push_back(fmt::format("{}={}", write.file, write.value));
    if (!write.other_file.empty()) lines.push_back(fmt::format("or {}={}", write.other_file, write.other_value));
  }
  return lines;
}

// "/sys/fs/cgroup +memory +pids", and whether processes there may be moved away.
std::vector<std::string> enabled(const Layout& layout) {
  std::vector<std::string> lines;
  for (const EnabledControllers& group : layout.enabled) {
    lines.push_back(
        fmt::format("{} {}{}", group.directory, group.controllers, group.may_be_vacated ? " (vacated)" : ""));
  }
  return lines;
}

struct ConversionCase {
  const char* name;
  Resources resources;
  std::vector<std::string> v1;  ///< writes; "!text": the error has this text; empty: nothing is written
  std::vector<std::string> v2;
};

void PrintTo(const ConversionCase& row, std::ostream* out) { *out << row.name; }

Resources memory(spec::Memory memory) { return {.memory = memory}; }
Resources cpu(spec::Cpu cpu) { return {.cpu = std::move(cpu)}; }
Resources block(spec::BlockIo block_io) { return {.block_io = std::move(block_io)}; }
Resources pids(std::int64_t limit) { return {.pids_limit = limit}; }

const ConversionCase kConversions[] = {
    {"nothing", {}, {}, {}},
    {"memory_limit", memory({.limit = 1 << 20}), {"memory.limit_in_bytes=1048576"}, {"memory.max=1048576"}},
    {"memory_unlimited", memory({.limit = -1}), {"memory.limit_in_bytes=-1"}, {"memory.max=max"}},
    {"memory_zero_is_unset", memory({.limit = 0, .swap = 0}), {}, {}},
    {"no_swap",
     memory({.limit = 100, .swap = 100}),
     {"memory.limit_in_bytes=100", "memory.memsw.limit_in_bytes=100"},
     {"memory.max=100", "memory.swap.max=0"}},
    {"some_swap",
     memory({.limit = 100, .swap = 150}),
     {"memory.limit_in_bytes=100", "memory.memsw.limit_in_bytes=150"},
     {"memory.max=100", "memory.swap.max=50"}},
    {"all_swap",
     memory({.limit = 100, .swap = -1}),
     {"memory.limit_in_bytes=100", "memory.memsw.limit_in_bytes=-1"},
     {"memory.max=100", "memory.swap.max=max"}},
    {"swap_without_limit", memory({.swap = 100}), {"!swap: memory and swap together"}, {"!memory alone is not"}},
    {"swap_with_no_limit_at_all", memory({.limit = -1, .swap = 9}), {"!memory alone is not"}, {"!memory alone is not"}},
    {"swap_below_limit", memory({.limit = 100, .swap = 99}), {"!99 bytes"}, {"!99 bytes"}},
    {"reservation", memory({.reservation = 7}), {"memory.soft_limit_in_bytes=7"}, {"memory.low=7"}},
    {"kernel_memory", memory({.kernel = 7}), {"!memory.kernel: "}, {"!memory.kernel: "}},
    {"kernel_memory_unlimited", memory({.kernel = -1, .kernel_tcp = -1}), {}, {}},
    {"kernel_tcp", memory({.kernel_tcp = 7}), {"memory.kmem.tcp.limit_in_bytes=7"}, {"!kernelTCP: "}},
    {"swappiness", memory({.swappiness = 0}), {"memory.swappiness=0"}, {"!swappiness: "}},
    {"swappiness_out_of_range", memory({.swappiness = 101}), {"!from 0 to 100"}, {"!swappiness"}},
    {"no_oom_killer", memory({.disable_oom_killer = true}), {"memory.oom_control=1"}, {"!disableOOMKiller: "}},
    {"with_oom_killer", memory({.disable_oom_killer = false}), {}, {}},
    {"shares", cpu({.shares = 512}), {"cpu.shares=512"}, {"cpu.weight=59"}},
    {"shares_zero_is_unset", cpu({.shares = 0}), {}, {}},
    {"shares_too_few", cpu({.shares = 1}), {"!from 2 to 262144"}, {"cpu.weight=1"}},
    {"shares_too_many", cpu({.shares = 262145}), {"!from 2 to 262144"}, {"cpu.weight=10000"}},
    {"quota", cpu({.quota = 50000}), {"cpu.cfs_quota_us=50000"}, {"cpu.max=50000 100000"}},
    {"period", cpu({.period = 20000}), {"cpu.cfs_period_us=20000"}, {"cpu.max=max 20000"}},
    {"period_before_quota_before_burst",
     cpu({.quota = 10000, .period = 20000, .burst = 5000}),
     {"cpu.cfs_period_us=20000", "cpu.cfs_quota_us=10000", "cpu.cfs_burst_us=5000"},
     {"cpu.max=10000 20000", "cpu.max.burst=5000"}},
    {"quota_unlimited", cpu({.quota = -5}), {"cpu.cfs_quota_us=-1"}, {"cpu.max=max 100000"}},
    {"idle_after_shares",
     cpu({.shares = 2, .idle = 1}),
     {"cpu.shares=2", "cpu.idle=1"},
     {"cpu.weight=1", "cpu.idle=1"}},
    {"idle_out_of_range", cpu({.idle = 2}), {"!neither 0 nor 1"}, {"!neither 0 nor 1"}},
    {"class_id", {.network = {.class_id = 0x100001}}, {"net_cls.classid=1048577"}, {"!network.classID: "}},
    {"interface_priorities",
     {.network = {.priorities = {{"eth0", 5}, {"lo", 0}}}},
     {"net_prio.ifpriomap=eth0 5", "net_prio.ifpriomap=lo 0"},
     {"!network.priorities: "}},
    {"no_interface", {.network = {.priorities = {{"a b", 5}}}}, {"!not the name of a network interface"}, {"!network"}},
    {"realtime",
     cpu({.realtime_runtime = 95, .realtime_period = 100}),
     {"cpu.rt_period_us=100", "cpu.rt_runtime_us=95"},
     {"!realtimePeriod: "}},
    {"cpuset",
     cpu({.cpus = "0-1,3", .mems = "0"}),
     {"cpuset.cpus=0-1,3", "cpuset.mems=0"},
     {"cpuset.cpus=0-1,3", "cpuset.mems=0"}},
    {"cpuset_bad", cpu({.cpus = "0\n1"}), {"!cpu.cpus: "}, {"!cpu.cpus: "}},
    {"pids", pids(100), {"pids.max=100"}, {"pids.max=100"}},
    {"pids_none_is_one", pids(0), {"pids.max=1"}, {"pids.max=1"}},
    {"pids_unlimited", pids(-1), {"pids.max=max"}, {"pids.max=max"}},
    {"weight",
     block({.weight = 500}),
     {"blkio.bfq.weight=500"},
     {"io.bfq.weight=default 500", "or io.weight=default 4950"}},
    {"weight_out_of_range", block({.weight = 1001}), {"!from 10 to 1000"}, {"!from 10 to 1000"}},
    {"leaf_weight", block({.leaf_weight = 500}), {"!leafWeight: "}, {"!leafWeight: "}},
    {"weight_device",
     block({.weight_device = {{8, 16, 10, std::nullopt}}}),
     {"blkio.bfq.weight_device=8:16 10"},
     {"io.bfq.weight=8:16 10", "or io.weight=8:16 1"}},
    {"throttles",
     block({.throttle_read_bps = {{8, 0, 1}},
            .throttle_write_bps = {{8, 0, 2}},
            .throttle_read_iops = {{8, 0, 3}},
            .throttle_write_iops = {{8, 0, 0}}}),
     {"blkio.throttle.read_bps_device=8:0 1", "blkio.throttle.write_bps_device=8:0 2",
      "blkio.throttle.read_iops_device=8:0 3", "blkio.throttle.write_iops_device=8:0 0"},
     {"io.max=8:0 rbps=1", "io.max=8:0 wbps=2", "io.max=8:0 riops=3", "io.max=8:0 wiops=max"}},
    {"hugepages",
     {.hugepage_limits = {{"2MB", 4194304}}},
     {"hugetlb.2MB.limit_in_bytes=4194304", "hugetlb.2MB.rsvd.limit_in_bytes=4194304"},
     {"hugetlb.2MB.max=4194304", "hugetlb.2MB.rsvd.max=4194304"}},
    {"rdma",
     {.rdma = {{"mlx4_0", {.handles = 2}}, {"mlx5_1", {.handles = 3, .objects = 10000}}}},
     {"!'rdma' is mounted nowhere"},
     {"rdma.max=mlx4_0 hca_handle=2", "rdma.max=mlx5_1 hca_handle=3 hca_object=10000"}},
    {"rdma_unnamed", {.rdma = {{"a b", {.handles = 2}}}}, {"!not the name of a device"}, {"!not the name of a device"}},
    {"hugepages_path", {.hugepage_limits = {{"../2MB", 1}}}, {"!not a page size"}, {"!not a page size"}},
    {"unified", {.unified = {{"memory.high", "5"}}}, {"!cgroup v1"}, {"memory.high=5"}},
    {"unified_lines",
     {.unified = {{"io.max", "8:0 rbps=1\n8:16 rbps=2\n"}}},
     {"!v1"},
     {"io.max=8:0 rbps=1", "io.max=8:16 rbps=2"}},
    {"unified_last",
     {.memory = {.limit = 1}, .unified = {{"memory.max", "2"}}},
     {"!v1"},
     {"memory.max=1", "memory.max=2"}},
    {"unified_core", {.unified = {{"cgroup.max.depth", "2"}}}, {"!v1"}, {"cgroup.max.depth=2"}},
    {"unified_path", {.unified = {{"memory./../x", "2"}}}, {"!v1"}, {"!not the name of a cgroup file"}},
    {"unified_bare", {.unified = {{"memory", "2"}}}, {"!v1"}, {"!not the name of a cgroup file"}},
    {"unified_reserved", {.unified = {{"cgroup.procs", "1"}}}, {"!v1"}, {"!caisson's own"}},
    {"unified_missing", {.unified = {{"misc.max", "1"}}}, {"!v1"}, {"!'misc' is not delegated"}},
};

class Conversion : public testing::TestWithParam<ConversionCase> {};

void check(const Result<Layout>& result, const std::vector<std::string>& expected) {
  if (!expected.empty() && expected.front().starts_with('!')) {
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(result.error().text(), testing::HasSubstr(expected.front().substr(1)));
    EXPECT_THAT(result.error().item, testing::StartsWith("linux.resources."));
    return;
  }
  ASSERT_TRUE(result.has_value()) << result.error().text();
  EXPECT_EQ(written(*result), expected);
  for (const FileWrite& write : result->writes) EXPECT_THAT(write.item, testing::StartsWith("linux."));
}

TEST_P(Conversion, OnV1) { check(layout(GetParam().resources, "/caisson/ID", v1_host()), GetParam().v1); }
TEST_P(Conversion, OnV2) { check(layout(GetParam().resources, "/caisson/ID", v2_host()), GetParam().v2); }
INSTANTIATE_TEST_SUITE_P(Limits, Conversion, testing::ValuesIn(kConversions),
                         [](const auto& row) { return std::string(row.param.name); });

struct WeightCase {
  std::uint64_t from;
  std::uint64_t to;
};

TEST(CpuWeight, FollowsTheCurve) {
  for (const WeightCase row : {WeightCase{0, 0},
                               {1, 1},
                               {2, 1},
                               {3, 2},
                               {10, 4},
                               {512, 59},
                               {1024, 100},
                               {2048, 174},
                               {10240, 639},
                               {262143, 10000},
                               {262144, 10000},
                               {500000, 10000}}) {
    EXPECT_EQ(cpu_weight(row.from), row.to) << row.from;
  }
}

TEST(IoWeight, IsLinear) {
  for (const WeightCase row : {WeightCase{0, 0}, {10, 1}, {100, 910}, {500, 4950}, {1000, 10000}}) {
    EXPECT_EQ(io_weight(static_cast<std::uint16_t>(row.from)), row.to) << row.from;
  }
}

TEST(Weight, OnOldKernelsIsCfqs) {
  HostFacts facts = v1_host();
  facts.kernel = "4.19.0-27-amd64";
  const Result<Layout> result = layout(block({.weight = 10, .leaf_weight = 20}), "/caisson/ID", facts);
  ASSERT_TRUE(result.has_value());
  EXPECT_THAT(written(*result), testing::ElementsAre("blkio.weight=10", "blkio.leaf_weight=20"));
}

TEST(Directories, OnV1AreAllControllersButNotNamedHierarchies) {
  const Layout made = layout({}, "/caisson/ID", v1_host()).value();
  EXPECT_FALSE(made.unified);
  EXPECT_THAT(made.directories, testing::SizeIs(10));
  EXPECT_EQ(made.directories.front(), "/sys/fs/cgroup/blkio/caisson/ID");
  EXPECT_THAT(made.directories, testing::Not(testing::Contains("/sys/fs/cgroup/systemd/caisson/ID")));
}

TEST(Directories, OnHybridHoldTheUnifiedOneOnlyWhereALimitNeedsIt) {
  const std::string unified = "/sys/fs/cgroup/unified/caisson/ID";
  EXPECT_THAT(layout({}, "/caisson/ID", hybrid_host())->directories, testing::Not(testing::Contains(unified)));

  const Layout made = layout({.hugepage_limits = {{"1GB", 0}}}, "/caisson/ID", hybrid_host()).value();
  EXPECT_EQ(made.directories.back(), unified);
  EXPECT_FALSE(made.unified);
  EXPECT_THAT(enabled(made), testing::ElementsAre("/sys/fs/cgroup/unified +hugetlb (vacated)",
                                                  "/sys/fs/cgroup/unified/caisson +hugetlb"));
  ASSERT_EQ(made.writes.size(), 2U);
  EXPECT_EQ(made.writes[0].file, "hugetlb.1GB.max");
}

TEST(Directories, OnV2AreOneWithItsControllersEnabledAbove) {
  const Layout made = layout(cpu({.shares = 1024}), "/caisson/ID", v2_host()).value();
  EXPECT_TRUE(made.unified);
  EXPECT_THAT(made.directories, testing::ElementsAre("/sys/fs/cgroup/caisson/ID"));
  EXPECT_THAT(enabled(made), testing::ElementsAre("/sys/fs/cgroup +cpu +memory +pids (vacated)",
                                                  "/sys/fs/cgroup/caisson +cpu +memory +pids"));
  EXPECT_EQ(made.enabled[0].item, "linux.resources.cpu.shares");
}

TEST(Directories, OfADelegatedTreeLeaveWhatIsAboveItAlone) {
  HostFacts facts = v2_host();
  facts.hierarchies[0].own = "/system.slice/x.service";
  const Layout made = layout({}, "/caisson/ID", facts).value();
  EXPECT_THAT(made.directories, testing::ElementsAre("/sys/fs/cgroup/system.slice/x.service/caisson/ID"));
  EXPECT_THAT(enabled(made), testing::ElementsAre("/sys/fs/cgroup/system.slice/x.service +memory +pids (vacated)",
                                                  "/sys/fs/cgroup/system.slice/x.service/caisson +memory +pids"));
}

TEST(Controllers, ThatAreMissingMatterOnlyToALimit) {
  HostFacts facts = v1_host();
  std::erase_if(facts.hierarchies, [](const CgroupHierarchy& h) { return h.has("memory"); });
  EXPECT_TRUE(layout(pids(1), "/caisson/ID", facts).has_value());
  const Result<Layout> result = layout(memory({.limit = 1}), "/caisson/ID", facts);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().text(), "linux.resources.memory.limit: controller 'memory' is mounted nowhere on this host");
  EXPECT_THAT(result.error().hint, testing::HasSubstr("cgroup_disable=memory"));

  HostFacts v2 = v2_host();
  v2.hierarchies[0].controllers = {"pids"};
  const Result<Layout> undelegated = layout(memory({.limit = 1}), "/caisson/ID", v2);
  ASSERT_FALSE(undelegated.has_value());
  EXPECT_THAT(undelegated.error().text(), testing::HasSubstr("controller 'memory' is not delegated"));

  EXPECT_TRUE(layout({}, "/caisson/ID", HostFacts{})->directories.empty());
}

TEST(Paths, ThatLeadElsewhereAreRefused) {
  for (const char* path : {"", "/", "caisson", "/caisson/../x", "/caisson//x", "/./x", "/x/", "/a\nb"}) {
    EXPECT_FALSE(layout({}, path, v1_host()).has_value()) << path;
  }
}

std::vector<std::string> device_lines(std::vector<spec::DeviceRule> rules) {
  std::vector<std::string> lines;
  const Result<Layout> result = layout({.devices = std::move(rules)}, "/caisson/ID", hybrid_host());
  if (!result) return {result.error().text()};
  for (const FileWrite& write : result->writes) lines.push_back(write.file.substr(8) + " " + write.value);
  return lines;
}

TEST(Devices, DeniedByDefaultAreFollowedByThoseEveryContainerMayUse) {
  EXPECT_THAT(
      device_lines({{.access = "rwm"}, {.allow = true, .type = 'c', .major = 10, .minor = 229, .access = "rw"}}),
      testing::ElementsAre("deny a", "allow c 10:229 rw", "allow c *:* m", "allow b *:* m", "allow c 1:3 rwm",
                           "allow c 1:5 rwm", "allow c 1:7 rwm", "allow c 1:8 rwm", "allow c 1:9 rwm",
                           "allow c 5:0 rwm", "allow c 5:2 rwm", "allow c 136:* rwm"));
}

TEST(Devices, OpenByDefaultStaySo) {
  EXPECT_THAT(device_lines({{.access = "rwm"}, {.allow = true, .access = "rwm"}}),
              testing::ElementsAre("deny a", "allow a"));
  EXPECT_THAT(device_lines({{.type = 'b', .major = 8, .access = "w"}}), testing::ElementsAre("deny b 8:* w"));
  EXPECT_THAT(device_lines({}), testing::IsEmpty());
}

TEST(Devices, OfEitherTypeAreNamedBothForTheKernelWouldTakeThemForAll) {
  EXPECT_THAT(device_lines({{.allow = true, .type = 'a', .major = 8, .access = "r"}}),
              testing::ElementsAre("allow b 8:* r", "allow c 8:* r"));
}

TEST(Devices, ThatMakeNoSenseAreRefused) {
  EXPECT_THAT(device_lines({{.allow = true, .type = 'c', .access = "x"}}),
              testing::ElementsAre(testing::HasSubstr("devices[0]: access 'x'")));
  EXPECT_THAT(device_lines({{.allow = true, .type = 'c'}}), testing::ElementsAre(testing::HasSubstr("access ''")));
  EXPECT_THAT(device_lines({{.allow = true, .type = 'p', .access = "r"}}),
              testing::ElementsAre(testing::HasSubstr("type 'p'")));
}

TEST(Devices, OnV2AreRulesForAProgram) {
  const Layout made =
      layout({.devices = {{.access = "rwm"}, {.allow = true, .type = 'c', .major = 10, .access = "rw"}}}, "/caisson/ID",
             v2_host())
          .value();
  EXPECT_THAT(made.writes, testing::IsEmpty());
  ASSERT_EQ(made.device_rules.size(), 12U);
  EXPECT_EQ(words(made.device_rules[0]), "deny all");
  EXPECT_EQ(words(made.device_rules[1]), "allow c 10:* rw");
  EXPECT_EQ(words(made.device_rules[11]), "allow c 136:* rwm");
  EXPECT_FALSE(layout({.devices = {{.type = 'p', .access = "r"}}}, "/caisson/ID", v2_host()).has_value());
}

}  // namespace
}  // namespace caisson::cgroup
