#include "cgroup/unit_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace caisson::cgroup {
namespace {

using spec::Resources;
using testing::ElementsAre;
using testing::IsEmpty;

HostFacts v2(unsigned version = 252) {
  HostFacts facts{.kernel = "6.1.0", .cgroup_mode = CgroupMode::kV2};
  facts.systemd = Systemd{.version = version};
  return facts;
}

HostFacts v1() {
  HostFacts facts = v2();
  facts.cgroup_mode = CgroupMode::kV1;
  return facts;
}

// "TasksMax t 20".
std::vector<std::string> lines(const std::vector<UnitProperty>& properties) {
  std::vector<std::string> lines;
  for (const UnitProperty& p : properties) lines.push_back(p.name + " " + p.signature + " " + join(p.words, " "));
  return lines;
}

std::vector<std::string> properties(const Resources& resources, const HostFacts& facts = v2()) {
  const auto made = resource_properties(resources, facts);
  return made ? lines(*made) : std::vector{made.error().text()};
}

constexpr std::string_view kInfinity = "18446744073709551615";

TEST(UnitProperties, NothingIsLimitedWhereNothingIsAsked) { EXPECT_THAT(properties({}), IsEmpty()); }

TEST(UnitProperties, Memory) {
  EXPECT_THAT(properties({.memory = {.limit = 100, .reservation = 50, .swap = 150}}),
              ElementsAre("MemoryMax t 100", "MemoryLow t 50", "MemorySwapMax t 50"));
  EXPECT_THAT(properties({.memory = {.limit = 100, .swap = 100}}), ElementsAre("MemoryMax t 100", "MemorySwapMax t 0"));
  EXPECT_THAT(properties({.memory = {.limit = -1, .swap = -1}}),
              ElementsAre("MemoryMax t " + std::string(kInfinity), "MemorySwapMax t " + std::string(kInfinity)));
  EXPECT_THAT(properties({.memory = {.limit = 100, .reservation = 50, .swap = 150}}, v1()),
              ElementsAre("MemoryLimit t 100"));
}

TEST(UnitProperties, ProcessorsSharesAndIdleness) {
  EXPECT_THAT(properties({.cpu = {.shares = 1024}}), ElementsAre("CPUWeight t 100"));
  EXPECT_THAT(properties({.cpu = {.shares = 1}}, v1()), ElementsAre("CPUShares t 2"));
  EXPECT_THAT(properties({.cpu = {.shares = 1024, .idle = 1}}), ElementsAre("CPUWeight t 0"));
  EXPECT_THAT(properties({.cpu = {.idle = 1}}, v2(251)), IsEmpty());
}

TEST(UnitProperties, AQuotaIsRoundedUpToWholePercents) {
  EXPECT_THAT(properties({.cpu = {.quota = 50'000, .period = 100'000}}),
              ElementsAre("CPUQuotaPeriodUSec t 100000", "CPUQuotaPerSecUSec t 500000"));
  EXPECT_THAT(properties({.cpu = {.quota = 1'001}}), ElementsAre("CPUQuotaPerSecUSec t 20000"));
  EXPECT_THAT(properties({.cpu = {.quota = 50'000, .period = 100'000}}, v2(241)),
              ElementsAre("CPUQuotaPerSecUSec t 500000"));
  EXPECT_THAT(properties({.cpu = {.quota = -1}}), ElementsAre("CPUQuotaPerSecUSec t " + std::string(kInfinity)));
}

TEST(UnitProperties, TheFilesHaveTheQuotaOfTheUnit) {
  EXPECT_EQ(rounded_quota({.quota = 1'001}).quota, 2'000);
  EXPECT_EQ(rounded_quota({.quota = 50'000, .period = 100'000}).quota, 50'000);
  EXPECT_EQ(rounded_quota({.quota = 33'333, .period = 50'000}).quota, 33'500);
  EXPECT_EQ(rounded_quota({.quota = -1}).quota, -1);
}

TEST(UnitProperties, SetsOfProcessorsAreBitMasks) {
  EXPECT_THAT(properties({.cpu = {.cpus = "0-3,8", .mems = "0"}}),
              ElementsAre("AllowedCPUs ay 2 15 1", "AllowedMemoryNodes ay 1 1"));
  EXPECT_THAT(properties({.cpu = {.cpus = "17"}}), ElementsAre("AllowedCPUs ay 3 0 0 2"));
  EXPECT_THAT(properties({.cpu = {.cpus = "0"}}, v2(243)), IsEmpty());
  EXPECT_THAT(properties({.cpu = {.cpus = "0"}}, v1()), IsEmpty());
  for (const char* list : {"a", "3-1", "1-", ",", "0-99999"}) {
    EXPECT_THAT(properties({.cpu = {.cpus = list}}),
                ElementsAre(testing::StartsWith("linux.resources.cpu.cpus: not a list of numbers and ranges: '")));
  }
}

TEST(UnitProperties, Tasks) {
  EXPECT_THAT(properties({.pids_limit = 20}), ElementsAre("TasksMax t 20"));
  EXPECT_THAT(properties({.pids_limit = 0}), ElementsAre("TasksMax t 1"));
  EXPECT_THAT(properties({.pids_limit = -1}), ElementsAre("TasksMax t " + std::string(kInfinity)));
}

TEST(UnitProperties, BlockIo) {
  EXPECT_THAT(properties({.block_io = {.weight = 1000}}), ElementsAre("IOWeight t 10000"));
  EXPECT_THAT(properties({.block_io = {.weight = 1000}}, v1()), ElementsAre("BlockIOWeight t 1000"));
}

TEST(UnitProperties, WhatIsUnifiedDecides) {
  EXPECT_THAT(properties({.memory = {.limit = 100}, .unified = {{"memory.max", "200"}, {"memory.high", "max"}}}),
              ElementsAre("MemoryHigh t " + std::string(kInfinity), "MemoryMax t 200"));
  EXPECT_THAT(
      properties({.unified = {{"cpu.max", "50000 100000"}, {"cpu.weight", "7"}, {"cpuset.cpus", "1"}}}),
      ElementsAre("CPUQuotaPeriodUSec t 100000", "CPUQuotaPerSecUSec t 500000", "CPUWeight t 7", "AllowedCPUs ay 1 2"));
  EXPECT_THAT(
      properties({.unified = {{"cpu.max", "max"}, {"cpu.idle", "1"}, {"pids.max", "0"}, {"io.weight", "default 5"}}}),
      ElementsAre("CPUWeight t 0", "CPUQuotaPerSecUSec t " + std::string(kInfinity), "IOWeight t 5", "TasksMax t 1"));
  EXPECT_THAT(properties({.unified = {{"memory.zswap.max", "5"}, {"memory.oom.group", "1"}, {"hugetlb.2MB.max", "0"}}}),
              IsEmpty());
  EXPECT_THAT(properties({.unified = {{"memory.zswap.max", "5"}}}, v2(253)), ElementsAre("MemoryZSwapMax t 5"));
  EXPECT_THAT(properties({.unified = {{"memory.max", "lots"}}}),
              ElementsAre("linux.resources.unified.memory.max: neither a number nor max: 'lots'"));
}

spec::DeviceRule rule(bool allow, char type, std::optional<int> major, std::optional<int> minor, const char* access) {
  return {.allow = allow, .type = type, .major = major, .minor = minor, .access = access};
}
const spec::DeviceRule kDenyAll = rule(false, 'a', std::nullopt, std::nullopt, "rwm");

TEST(UnitProperties, DevicesAreAListOfWhatIsAllowed) {
  const auto made = lines(device_properties({rule(true, 'b', 8, 0, "r"), kDenyAll, rule(true, 'c', 10, 200, "rw"),
                                             rule(true, 'c', 10, 200, "m"), rule(true, 'a', 7, std::nullopt, "r"),
                                             rule(true, 'b', 9, 9, "rw"), rule(false, 'b', 9, 9, "w")}));
  ASSERT_EQ(made.size(), 2U);
  EXPECT_EQ(made[0], "DevicePolicy s strict");
  EXPECT_EQ(made[1],
            "DeviceAllow a(ss) 14 /dev/char/10:200 rwm block-7 r char-7 r /dev/block/9:9 r char-* m block-* m "
            "/dev/char/1:3 rwm /dev/char/1:5 rwm /dev/char/1:7 rwm /dev/char/1:8 rwm /dev/char/1:9 rwm "
            "/dev/char/5:0 rwm /dev/char/5:2 rwm char-136 rwm");
}

TEST(UnitProperties, DevicesThatAreNotDeniedAreNotListed) {
  EXPECT_THAT(device_properties({}), IsEmpty());
  EXPECT_THAT(device_properties({kDenyAll, rule(true, 'a', std::nullopt, std::nullopt, "rwm")}), IsEmpty());
  EXPECT_THAT(device_properties({rule(false, 'b', 8, 0, "rwm")}), IsEmpty());
}

std::vector<std::string> of_scope(const std::map<std::string, std::string>& annotations,
                                  const Resources& resources = {}, const HostFacts& facts = v2()) {
  const Scope scope{.slice = "machine.slice", .unit = "a-b.scope", .path = "/machine.slice/a-b.scope"};
  const auto made = scope_properties(scope, "container b", resources, annotations, facts);
  return made ? lines(*made) : std::vector{made.error().text()};
}

TEST(UnitProperties, OfANewScope) {
  EXPECT_THAT(of_scope({}), ElementsAre("Description s container b", "Slice s machine.slice", "Delegate b true",
                                        "DefaultDependencies b false", "MemoryAccounting b true",
                                        "CPUAccounting b true", "TasksAccounting b true", "IOAccounting b true"));
  EXPECT_THAT(of_scope({}, {}, v1()), testing::Contains("BlockIOAccounting b true"));
}

TEST(UnitProperties, OomPolicyWhereScopesHaveOne) {
  const Resources together{.unified = {{"memory.oom.group", "1"}}};
  EXPECT_THAT(of_scope({}, together, v2(253)), testing::Contains("OOMPolicy s kill"));
  EXPECT_THAT(of_scope({}, together, v2(252)), testing::Not(testing::Contains(testing::StartsWith("OOMPolicy"))));
  EXPECT_THAT(of_scope({}, {.unified = {{"memory.oom.group", "0"}}}, v2(253)),
              testing::Contains("OOMPolicy s continue"));
}

TEST(UnitProperties, AnnotationsSayMore) {
  const auto made = of_scope({{"org.systemd.property.TimeoutStopUSec", "uint64 5000000"},
                              {"org.systemd.property.RuntimeMaxSec", "2.5"},
                              {"org.systemd.property.CollectMode", "'inactive-or-failed'"},
                              {"org.systemd.property.After", "['a.service']"},
                              {"org.systemd.property.Description", "'other'"},
                              {"com.example", "x"}});
  for (const char* line : {"TimeoutStopUSec t 5000000", "RuntimeMaxUSec t 2500000", "CollectMode s inactive-or-failed",
                           "After as 1 a.service", "Description s other"}) {
    EXPECT_THAT(made, testing::Contains(line));
  }
  EXPECT_THAT(made, testing::Not(testing::Contains("Description s container b")));
}

TEST(UnitProperties, AnnotationsThatAreNoPropertiesAreRefused) {
  EXPECT_THAT(of_scope({{"org.systemd.property.CollectMode", "inactive"}}),
              ElementsAre(testing::StartsWith("annotations.org.systemd.property.CollectMode: not a value")));
  EXPECT_THAT(of_scope({{"org.systemd.property.a.b", "1"}}),
              ElementsAre(testing::EndsWith("'a.b' is not the name of a property")));
  EXPECT_THAT(of_scope({{"org.systemd.property.TimeoutStopSec", "'5s'"}}),
              ElementsAre(testing::EndsWith("not a number of seconds: '5s'")));
  EXPECT_THAT(of_scope({{"org.systemd.property.TimeoutStopSec", "-5"}}),
              ElementsAre(testing::EndsWith("not a number of seconds: '-5'")));
}

TEST(UnitProperties, AreWordsOfARequest) {
  EXPECT_THAT(request_words({{"TasksMax", "t", {"20"}}, {"After", "as", {"1", "a b"}}}),
              ElementsAre("TasksMax", "t", "20", "After", "as", "1", "a b"));
}

}  // namespace
}  // namespace caisson::cgroup
