#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cgroup/evidence.h"
#include "cgroup/oom.h"
#include "cgroup/pressure.h"
#include "cgroup/removal.h"
#include "cgroup/tree.h"

namespace caisson::cgroup {
namespace {

// A directory that looks like a cgroup hierarchy's.
class Pretended : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "caisson-cgroup-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    top_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(top_); }

  std::string make(const std::string& path, const std::map<std::string, std::string>& files) {
    const std::filesystem::path directory = top_ / path;
    std::filesystem::create_directories(directory);
    for (const auto& [name, content] : files) std::ofstream(directory / name) << content;
    return directory.string();
  }

  std::filesystem::path top_;
};
class EvidenceFiles : public Pretended {};
class Tree : public Pretended {};
class Removal : public Pretended {};

TEST_F(EvidenceFiles, OfV1AreReadFromEachHierarchy) {
  const std::string memory = make("memory", {{"memory.limit_in_bytes", "104857600\n"},
                                             {"memory.max_usage_in_bytes", "104857600\n"},
                                             {"memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"}});
  make("memory/below", {{"memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"}});
  const std::string pids = make("pids", {{"pids.max", "100\n"}, {"pids.peak", "7\n"}, {"pids.events", "max 3\n"}});
  const std::string cpu = make("cpu", {{"cpu.stat", "nr_periods 10\nnr_throttled 4\nthrottled_time 5000999\n"}});
  const std::string cpuacct = make("cpuacct", {{"cpuacct.usage", "1234567\n"}});

  const Evidence evidence = read_evidence({cpu, cpuacct, memory, pids, (top_ / "missing").string()});
  EXPECT_EQ(evidence.memory_limit_bytes, 104857600U);
  EXPECT_EQ(evidence.memory_peak_bytes, 104857600U);
  EXPECT_EQ(evidence.oom_kills, 3U) << "v1 counts a kill in the victim's own cgroup only";
  EXPECT_EQ(evidence.pids_limit, 100U);
  EXPECT_EQ(evidence.pids_peak, 7U);
  EXPECT_EQ(evidence.pids_limit_hits, 3U);
  EXPECT_EQ(evidence.cpu_usage_us, 1234U);
  EXPECT_EQ(evidence.cpu_periods, 10U);
  EXPECT_EQ(evidence.cpu_throttled_periods, 4U);
  EXPECT_EQ(evidence.cpu_throttled_us, 5000U);
}

TEST_F(EvidenceFiles, OfV2AreReadFromTheOne) {
  const std::string directory =
      make("all", {{"memory.max", "4096\n"},
                   {"memory.peak", "2048\n"},
                   {"memory.events", "low 0\nhigh 0\nmax 9\noom 2\noom_kill 1\noom_group_kill 0\n"},
                   {"pids.max", "max\n"},
                   {"pids.events", "max 0\n"},
                   {"cpu.stat", "usage_usec 77\nuser_usec 70\nnr_periods 3\nnr_throttled 2\nthrottled_usec 11\n"}});
  const Evidence evidence = read_evidence({directory});
  EXPECT_EQ(evidence.memory_limit_bytes, 4096U);
  EXPECT_EQ(evidence.memory_peak_bytes, 2048U);
  EXPECT_EQ(evidence.oom_kills, 1U);
  EXPECT_EQ(evidence.pids_limit, std::nullopt);
  EXPECT_EQ(evidence.pids_peak, std::nullopt);
  EXPECT_EQ(evidence.pids_limit_hits, 0U);
  EXPECT_EQ(evidence.cpu_usage_us, 77U);
  EXPECT_EQ(evidence.cpu_throttled_us, 11U);
}

TEST_F(EvidenceFiles, OfNoLimitSayNone) {
  const std::string directory =
      make("memory", {{"memory.limit_in_bytes", "9223372036854771712\n"}, {"memory.max_usage_in_bytes", "1\n"}});
  EXPECT_EQ(read_evidence({directory}).memory_limit_bytes, std::nullopt);
  EXPECT_EQ(read_evidence({directory}).memory_peak_bytes, 1U);
  EXPECT_EQ(read_evidence({}).oom_kills, std::nullopt);
}

TEST(ValueOf, FindsWholeKeysOnly) {
  EXPECT_EQ(value_of("oom 2\noom_kill 1\n", "oom_kill"), 1U);
  EXPECT_EQ(value_of("oom_kill_disable 0\n", "oom_kill"), std::nullopt);
  EXPECT_EQ(value_of("oom_kill\n", "oom_kill"), std::nullopt);
  EXPECT_EQ(value_of("", "oom_kill"), std::nullopt);
}

constexpr const char* kRecord =
    "6,420,3234517206,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/"
    "caisson/ID,"
    "task_memcg=/caisson/ID/below,task=python3,pid=4433,uid=0\n SUBSYSTEM=x\n";

TEST(OomRecord, NamesTheVictim) {
  const std::optional<OomVictim> victim = parse_oom_record(kRecord);
  ASSERT_TRUE(victim.has_value());
  EXPECT_EQ(victim->pid, 4433);
  EXPECT_EQ(victim->name, "python3");
  EXPECT_EQ(victim->cgroup, "/caisson/ID/below");
  EXPECT_EQ(victim->limit_cgroup, "/caisson/ID");
  EXPECT_EQ(victim->time_us, 3234517206U);
}

std::string record_of(const std::string& name) {
  return "6,1,2,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=a,mems_allowed=0,oom_memcg=/"
         "a,task_memcg=/a,task=" +
         name + ",pid=5,uid=6\n";
}

TEST(OomRecord, IsNotMisledByAProcessName) {
  for (const char* name : {"x,pid=1,uid=0", ",task=y", "a b", "", ",task_memcg=/", ",uid="}) {
    const std::optional<OomVictim> victim = parse_oom_record(record_of(name));
    ASSERT_TRUE(victim.has_value()) << name;
    EXPECT_EQ(victim->name, name);
    EXPECT_EQ(victim->pid, 5);
    EXPECT_EQ(victim->cgroup, "/a");
  }
  EXPECT_EQ(parse_oom_record(record_of("\\x1b[1m\\x5cx"))->name, "\x1b[1m\\x");
  EXPECT_EQ(parse_oom_record(record_of("\\x1"))->name, "\\x1");
}

TEST(OomRecord, IsNothingElse) {
  const std::string record = kRecord;
  EXPECT_FALSE(parse_oom_record("").has_value());
  EXPECT_FALSE(parse_oom_record("4,1,2,-;something else\n").has_value());
  EXPECT_FALSE(
      parse_oom_record("6,1,2,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),task_memcg=/,task=a,pid=1,uid=0")
          .has_value());
  // Processes may write to the log; the kernel gives what they write a facility.
  EXPECT_FALSE(parse_oom_record("14" + record.substr(1)).has_value());
  for (std::size_t length = 0; length < record.find(",uid="); ++length) {
    EXPECT_FALSE(parse_oom_record(std::string_view(record).substr(0, length)).has_value()) << length;
  }
}

TEST_F(Tree, ListsChildrenBeforeParents) {
  const std::string top = make("g", {{"cgroup.procs", "7\n3\n"}});
  make("g/a/b", {{"cgroup.procs", "5\n3\n0\n"}});
  make("g/c", {});
  const std::vector<std::string> groups = tree(top);
  ASSERT_EQ(groups.size(), 4U);
  EXPECT_EQ(groups.back(), top);
  EXPECT_LT(std::find(groups.begin(), groups.end(), top + "/a/b"), std::find(groups.begin(), groups.end(), top + "/a"));
  EXPECT_THAT(processes_in(top), testing::ElementsAre(3, 5, 7));
  EXPECT_THAT(tree((top_ / "missing").string()), testing::IsEmpty());
}

TEST_F(Removal, OfEmptyOrMissingDirectoriesIsQuiet) {
  const std::string directory = make("empty", {});
  EXPECT_TRUE(kill_and_remove({directory, (top_ / "missing").string()}).has_value());
  EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST_F(Removal, TouchesNothingThatIsNoCgroup) {
  const std::string directory = make("g", {{"cgroup.procs", std::to_string(::getppid()) + "\n"}});
  EXPECT_FALSE(is_inner_cgroup(directory));
  const Result<> removed = kill_and_remove({directory});
  ASSERT_FALSE(removed.has_value());
  EXPECT_EQ(removed.error().number, ENOTEMPTY);
  const Result<> killed = kill_all({directory});
  ASSERT_FALSE(killed.has_value());
  EXPECT_THAT(killed.error().text(), testing::HasSubstr("is not a cgroup"));
  EXPECT_FALSE(is_inner_cgroup("/sys/fs/cgroup"));
}

TEST(Pressure, IsReadFromTheKernelsLines) {
  const Pressure pressure = parse_pressure(
      "some avg10=12.50 avg60=3.00 avg300=0.25 total=123456\nfull avg10=0.00 avg60=1.00 avg300=0.00 total=7\n");
  ASSERT_TRUE(pressure.some && pressure.full);
  EXPECT_DOUBLE_EQ(pressure.some->of_10_s, 12.5);
  EXPECT_DOUBLE_EQ(pressure.some->of_300_s, 0.25);
  EXPECT_EQ(pressure.some->total_us, 123456U);
  EXPECT_DOUBLE_EQ(pressure.full->of_60_s, 1);
  EXPECT_EQ(pressure.full->total_us, 7U);
  EXPECT_FALSE(parse_pressure("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n").full);
  EXPECT_TRUE(read_pressure({"/nowhere"}).empty());
}

}  // namespace
}  // namespace caisson::cgroup
