#include "cgroup/update.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cgroup/device_transition.h"

namespace caisson::cgroup {
namespace {

using spec::Resources;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

HostFacts v1_host() {
  HostFacts facts{.kernel = "6.18.44", .cgroup_mode = CgroupMode::kV1};
  for (const char* controller : {"blkio", "cpu", "cpuset", "devices", "memory", "pids"}) {
    facts.hierarchies.push_back({.path = std::string("/c/") + controller, .controllers = {controller}});
  }
  return facts;
}

HostFacts v2_host() {
  return {.kernel = "6.1.0",
          .cgroup_mode = CgroupMode::kV2,
          .hierarchies = {{.path = "/c", .controllers = {"cpuset", "cpu", "io", "memory", "pids"}, .unified = true}}};
}

std::vector<std::string> writes(const Resources& present, const Resources& change, const HostFacts& facts) {
  const Result<std::vector<FileWrite>> made =
      update_writes(present, change, Place{.paths = std::vector<std::string>(facts.hierarchies.size(), "/ID")}, facts);
  if (!made) return {"!" + made.error().text()};
  std::vector<std::string> lines;
  for (const FileWrite& write : *made) {
    EXPECT_TRUE(write.directory.ends_with("/ID"));
    lines.push_back(fmt::format("{}={}{}", write.file, write.value, write.may_be_missing ? "?" : ""));
  }
  return lines;
}

TEST(Update, EnablesTheControllersOfItsLimitsAbove) {
  const Resources change{.cpu = {.cpus = "0"}};
  const auto controllers = [&](const HostFacts& facts) {
    const Place place{.paths = std::vector<std::string>(facts.hierarchies.size(), "/above/ID")};
    const std::vector<EnabledControllers> needed = update_controllers({}, change, place, facts).value();
    std::vector<std::string> lines;
    for (const EnabledControllers& above : needed) lines.push_back(above.directory + " " + above.controllers);
    return lines;
  };
  EXPECT_THAT(controllers(v2_host()), ElementsAre("/c +cpuset +memory +pids", "/c/above +cpuset +memory +pids"));
  EXPECT_THAT(controllers(v1_host()), IsEmpty());
}

struct UpdateCase {
  const char* name;
  Resources present;
  Resources change;
  std::vector<std::string> v1;
  std::vector<std::string> v2;
};

const UpdateCase kUpdates[] = {
    {"nothing", {.memory = {.limit = 7}, .pids_limit = 3}, {}, {}, {}},
    {"zeros", {.memory = {.limit = 7}}, {.memory = {.limit = 0, .swap = 0}, .cpu = {.shares = 0, .quota = 0}}, {}, {}},
    {"memory",
     {.memory = {.limit = 7, .swap = 9}},
     {.memory = {.limit = 8}},
     {"memory.limit_in_bytes=8"},
     {"memory.max=8"}},
    {"swap_alone",
     {.memory = {.limit = 7, .swap = 9}},
     {.memory = {.swap = 10}},
     {"memory.memsw.limit_in_bytes=10"},
     {"memory.swap.max=3"}},
    {"no_more_limit",
     {.memory = {.limit = 7, .swap = 9}},
     {.memory = {.limit = -1}},
     {"memory.limit_in_bytes=-1", "memory.memsw.limit_in_bytes=-1?"},
     {"memory.max=max", "memory.swap.max=max?"}},
    {"quota_alone", {.cpu = {.period = 5000}}, {.cpu = {.quota = 9}}, {"cpu.cfs_quota_us=9"}, {"cpu.max=9 5000"}},
    {"period_alone", {.cpu = {.quota = 9}}, {.cpu = {.period = 8}}, {"cpu.cfs_period_us=8"}, {"cpu.max=9 8"}},
    {"period_of_no_quota", {}, {.cpu = {.period = 8}}, {"cpu.cfs_period_us=8"}, {"cpu.max=max 8"}},
    {"no_burst", {.cpu = {.burst = 5}}, {.cpu = {.burst = 0}}, {"cpu.cfs_burst_us=0"}, {"cpu.max.burst=0"}},
    {"idle", {}, {.cpu = {.idle = 0}}, {"cpu.idle=0"}, {"cpu.idle=0"}},
    {"pids_zero", {.pids_limit = 3}, {.pids_limit = 0}, {"pids.max=1"}, {"pids.max=1"}},
    {"pids_unlimited", {}, {.pids_limit = -1}, {"pids.max=max"}, {"pids.max=max"}},
    {"devices_never", {}, {.devices = {{.allow = true, .type = 'a', .access = "rwm"}}}, {}, {}},
    {"sets",
     {},
     {.cpu = {.cpus = "0", .mems = "1"}},
     {"cpuset.cpus=0", "cpuset.mems=1"},
     {"cpuset.cpus=0", "cpuset.mems=1"}},
    {"below_memory",
     {.memory = {.limit = 7}},
     {.memory = {.swap = 6}},
     {"!linux.resources.memory.swap: 6 bytes of memory and swap together are less than the 7 bytes of memory alone"},
     {"!linux.resources.memory.swap: 6 bytes of memory and swap together are less than the 7 bytes of memory alone"}},
};

void PrintTo(const UpdateCase& row, std::ostream* out) { *out << row.name; }

class Update : public testing::TestWithParam<UpdateCase> {};
TEST_P(Update, OnV1) { EXPECT_EQ(writes(GetParam().present, GetParam().change, v1_host()), GetParam().v1); }
TEST_P(Update, OnV2) { EXPECT_EQ(writes(GetParam().present, GetParam().change, v2_host()), GetParam().v2); }
INSTANTIATE_TEST_SUITE_P(Limits, Update, testing::ValuesIn(kUpdates),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Merged, KeepsWhatIsNotGiven) {
  const Resources present{.devices = {{.allow = true, .access = "r"}},
                          .memory = {.limit = 7, .swap = 9},
                          .cpu = {.shares = 2, .cpus = "0"},
                          .pids_limit = 4,
                          .block_io = {.throttle_read_bps = {{8, 0, 1}, {8, 1, 1}}},
                          .unified = {{"memory.high", "1"}}};
  EXPECT_EQ(merged(present, {}), present);
  const Resources all = merged(present, {.memory = {.limit = -1},
                                         .cpu = {.cpus = "1"},
                                         .block_io = {.throttle_read_bps = {{8, 0, 2}}},
                                         .unified = {{"memory.low", "2"}}});
  EXPECT_EQ(all.devices, present.devices);
  EXPECT_EQ(all.memory.limit, -1);
  EXPECT_EQ(all.memory.swap, std::nullopt);
  EXPECT_EQ(all.cpu.shares, 2U);
  EXPECT_EQ(all.cpu.cpus, "1");
  EXPECT_EQ(all.pids_limit, 4);
  EXPECT_THAT(all.block_io.throttle_read_bps,
              ElementsAre(spec::ThrottleDevice{8, 1, 1}, spec::ThrottleDevice{8, 0, 2}));
  EXPECT_THAT(all.unified, testing::SizeIs(2));
}

TEST(Unsupported, IsDroppedWithAWordAboutIt) {
  Resources v2{.memory = {.kernel = 5, .kernel_tcp = -1, .swappiness = 0, .disable_oom_killer = true},
               .cpu = {.realtime_runtime = 9},
               .network = {.class_id = 1, .priorities = {{"lo", 1}}}};
  std::vector<std::string> items;
  for (const Error& error : drop_unsupported(v2, v2_host())) items.push_back(error.item);
  EXPECT_THAT(items, ElementsAre("linux.resources.memory.kernel", "linux.resources.memory.disableOOMKiller",
                                 "linux.resources.cpu.realtimeRuntime", "linux.resources.network.classID",
                                 "linux.resources.network.priorities"));
  EXPECT_EQ(v2, Resources{});
  Resources v1{.memory = {.kernel_tcp = 5, .swappiness = 0}};
  EXPECT_THAT(drop_unsupported(v1, v1_host()), IsEmpty());
  EXPECT_EQ(v1.memory.kernel_tcp, 5);
}

std::vector<std::string> transition(const char* list, const std::vector<spec::DeviceRule>& rules) {
  const auto lines = device_transition(list, rules);
  if (!lines) return {"!" + lines.error().text()};
  std::vector<std::string> text;
  for (const DeviceLine& line : *lines) text.push_back(fmt::format("{} {}", line.file + 8, line.line));
  return text;
}

spec::DeviceRule rule(bool allow, char type, std::optional<std::int64_t> major, std::optional<std::int64_t> minor,
                      const char* access) {
  return {.allow = allow, .type = type, .major = major, .minor = minor, .access = access};
}
const spec::DeviceRule kDenyAll = rule(false, 'a', std::nullopt, std::nullopt, "rwm");
const spec::DeviceRule kAllowAll = rule(true, 'a', std::nullopt, std::nullopt, "rwm");

TEST(DeviceTransition, FromNothingToTheSameIsNoLineAtAll) {
  EXPECT_THAT(transition("c 1:3 rwm\nb *:* m\n",
                         {kDenyAll, rule(true, 'c', 1, 3, "rwm"), rule(true, 'b', std::nullopt, std::nullopt, "m")}),
              IsEmpty());
  EXPECT_THAT(transition("a *:* rwm\n", {kAllowAll}), IsEmpty());
}

TEST(DeviceTransition, WritesOnlyWhatDiffers) {
  EXPECT_THAT(transition("c 1:3 rw\nc 1:5 rwm\n", {kDenyAll, rule(true, 'c', 1, 3, "rwm"), rule(true, 'c', 8, 0, "r")}),
              ElementsAre("allow c 1:3 m", "allow c 8:0 r", "deny c 1:5 rwm"));
}

TEST(DeviceTransition, SwitchesWhereTheDefaultChanges) {
  EXPECT_THAT(transition("a *:* rwm\n", {kDenyAll, rule(true, 'c', 1, 3, "r")}),
              ElementsAre("deny a", "allow c 1:3 r"));
  EXPECT_THAT(transition("c 1:3 rwm\n", {kAllowAll, rule(false, 'b', 8, 0, "w")}),
              ElementsAre("allow a", "deny b 8:0 w"));
}

TEST(DeviceTransition, TakesRulesInTheirOrder) {
  EXPECT_THAT(transition("", {kAllowAll, kDenyAll, rule(true, 'a', 8, 1, "rw"), rule(false, 'b', 8, 1, "w")}),
              ElementsAre("allow b 8:1 r", "allow c 8:1 rw"));
  EXPECT_THAT(transition("", {kDenyAll, rule(true, 'c', 8, std::nullopt, "rw"), rule(false, 'c', 8, 1, "w")}),
              ElementsAre(HasSubstr("'c 8:1 w' is a part of a rule about all numbers")));
}

TEST(RuntimeDeviceRules, DenyFirstAndAllowTun) {
  const auto lines = [](const std::vector<spec::DeviceRule>& rules) {
    const HostFacts facts = v1_host();
    const Layout made = layout({.devices = runtime_device_rules(rules)}, "/ID", facts).value();
    std::vector<std::string> text;
    for (const FileWrite& write : made.writes) text.push_back(write.file.substr(8) + " " + write.value);
    return text;
  };
  EXPECT_THAT(lines({}), testing::AllOf(testing::Contains("allow c 10:200 rwm"), testing::Contains("allow c 1:3 rwm")));
  EXPECT_EQ(lines({}).front(), "deny a");
  EXPECT_THAT(lines({kAllowAll}), ElementsAre("deny a", "allow a"));
}

TEST(RuntimeDeviceRules, AreATransitionInACgroupThatIsThereAlready) {
  const HostFacts facts = v1_host();
  const std::vector<spec::DeviceRule> rules = runtime_device_rules({});
  Layout made = layout({.devices = rules, .pids_limit = 5}, "/ID", facts).value();
  ASSERT_TRUE(use_device_transition(made, "b *:* m\nc *:* m\nc 1:* rwm\n", rules, facts).has_value());
  std::vector<std::string> text;
  for (const FileWrite& write : made.writes) text.push_back(write.file + " " + write.value);
  EXPECT_THAT(text, testing::Not(testing::Contains("devices.deny a")));
  EXPECT_THAT(text, testing::IsSupersetOf({"devices.allow c 1:3 rwm", "devices.deny c 1:* rwm", "pids.max 5"}));
  EXPECT_EQ(made.writes.front().directory, "/c/devices/ID");
}

}  // namespace
}  // namespace caisson::cgroup
