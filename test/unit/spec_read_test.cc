#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/json.h"

namespace caisson::spec {
namespace {

std::string data(const std::string& name) {
  std::ifstream file(std::string(TEST_DATA) + "/runtime-spec/" + name);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> lines(const std::vector<Problem>& problems) {
  std::vector<std::string> out;
  for (const Problem& problem : problems) out.push_back(problem.line());
  return out;
}

// A configuration without a problem, with `members` put behind the others at its top.
std::string with(const std::string& members) {
  return R"({"ociVersion": "1.2.0", "root": {"path": "rootfs"}, "process": {"cwd": "/", "args": ["sh"]})" +
         (members.empty() ? "" : ", " + members) + "}";
}
std::string with_process(const std::string& members) {
  return R"({"ociVersion": "1.2.0", "root": {"path": "rootfs"}, "process": {"cwd": "/", "args": ["sh"], )" + members +
         "}}";
}
std::string with_resources(const std::string& members) { return with(R"("linux": {"resources": {)" + members + "}}"); }

struct ProblemCase {
  const char* name;
  std::string json;
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
};
void PrintTo(const ProblemCase& row, std::ostream* out) { *out << row.name; }

const ProblemCase kProblems[] = {
    {"none", with(""), {}, {}},
    {"empty_text",
     "",
     {"not JSON: line 1, column 1: syntax error while parsing value - unexpected end of input; expected '[', '{', or a "
      "literal"},
     {}},
    {"not_an_object", "[]", {"wrong type: an object is expected"}, {}},
    {"everything_is_missing",
     "{}",
     {"/ociVersion: missing", "/root/path: missing", "/process/args: missing: there is nothing to run"},
     {}},
    {"several_at_once",
     R"({"ociVersion": 1, "root": {}, "hostname": [], "process": {"args": "sh", "cwd": "tmp", "terminal": "yes"}})",
     {"/ociVersion: wrong type: a string is expected", "/root/path: missing",
      "/process/terminal: wrong type: true or false is expected", "/process/args: wrong type: a list is expected",
      "/hostname: wrong type: a string is expected", "/process/cwd: 'tmp' is not an absolute path"},
     {}},
    {"wrong_element",
     with(R"("mounts": [{"destination": "/a", "type": "tmpfs"}, 7, {"destination": "/b", "type": 4}])"),
     {"/mounts/1: wrong type: an object is expected", "/mounts/2/type: wrong type: a string is expected"},
     {}},
    {"null_is_absent", with(R"("mounts": null, "hooks": null, "hostname": null)"), {}, {}},
    {"a_float_is_no_whole_number",
     with_process(R"("user": {"uid": 1.0})"),
     {"/process/user/uid: not a whole number from 0 to 4294967295"},
     {}},
    {"out_of_range",
     with_process(R"("user": {"uid": 4294967296, "gid": -1})"),
     {"/process/user/uid: not a whole number from 0 to 4294967295",
      "/process/user/gid: not a whole number from 0 to 4294967295"},
     {}},
    {"far_out_of_range",
     with_resources(R"("memory": {"limit": 99999999999999999999})"),
     {"/linux/resources/memory/limit: not a whole number from -9223372036854775808 to 9223372036854775807"},
     {}},
    {"a_number_as_text",
     with_resources(R"("memory": {"limit": "100m"})"),
     {"/linux/resources/memory/limit: wrong type: a whole number is expected"},
     {}},
    {"nul", with(R"("hostname": "a\u0000b")"), {"/hostname: a NUL byte cannot be in it"}, {}},
    {"nul_in_a_key", with(R"("annotations": {"a\u0000b": "c"})"), {"/annotations: a NUL byte cannot be in a key"}, {}},
    {"unknown_key", with(R"("hostnam": "x")"), {}, {"/hostnam: unknown key: did you mean 'hostname'?"}},
    {"unknown_key_deep",
     with_resources(R"("memory": {"limits": 1, "zzz": 2})"),
     {},
     {"/linux/resources/memory/limits: unknown key: did you mean 'limit'?",
      "/linux/resources/memory/zzz: unknown key"}},
    {"pointers_are_escaped",
     with(R"("linux": {"resources": {"unified": {"a/b~c": "1"}}})"),
     {"/linux/resources/unified/a~1b~0c: not the name of a cgroup file"},
     {}},
    {"unsupported",
     with(R"("windows": {"servicing": true})"),
     {"/windows: not supported by this version of caisson"},
     {}},
    {"seccomp_words",
     with(R"("linux": {"seccomp": {"defaultAction": "SCMP_ACT_DENY", "architectures": ["X86"], "flags": ["TSYNC"],
             "syscalls": [{"names": ["read"], "action": "ALLOW", "args": [{"index": 1, "value": 1, "op": "EQ"}]}]}})"),
     {"/linux/seccomp/defaultAction: unknown action 'SCMP_ACT_DENY'",
      "/linux/seccomp/syscalls/0/action: unknown action 'ALLOW'",
      "/linux/seccomp/syscalls/0/args/0/op: unknown operator 'EQ'",
      "/linux/seccomp/architectures/0: unknown architecture 'X86'", "/linux/seccomp/flags/0: unknown flag 'TSYNC'"},
     {}},
    {"seccomp_without_what_it_needs",
     with(R"("linux": {"seccomp": {"syscalls": [{"action": "SCMP_ACT_ALLOW"}, {"names": ["read"]}]}})"),
     {"/linux/seccomp/defaultAction: missing", "/linux/seccomp/syscalls/0/names: missing",
      "/linux/seccomp/syscalls/1/action: missing"},
     {}},
    {"hooks",
     with(R"("hooks": {"poststop": [{"path": "x"}, {}, {"path": "/x", "timeout": 0}], "postpone": []})"),
     {"/hooks/poststop/1/path: missing", "/hooks/poststop/0/path: not an absolute path",
      "/hooks/poststop/2/timeout: has to be greater than 0"},
     {"/hooks/postpone: unknown key"}},
    {"parts_without_what_they_need",
     R"({"ociVersion": "1.3.0", "root": {"path": "r"}, "process": {"cwd": "/", "args": ["a"], "scheduler": {"nice": 1},
         "ioPriority": {"priority": 1}, "user": {"username": "ignored"}},
         "linux": {"personality": {}, "memoryPolicy": {"nodes": "0"},
                   "namespaces": [{"type": "time"}], "timeOffsets": {"monotonic": {"secs": "1"}}}})",
     {"/process/scheduler/policy: missing", "/process/ioPriority/class: missing", "/linux/personality/domain: missing",
      "/linux/memoryPolicy/mode: missing", "/linux/timeOffsets/monotonic/secs: wrong type: a whole number is expected"},
     {}},
    {"unsupported_but_empty", with(R"("hooks": {}, "linux": {"netDevices": {}, "mountLabel": ""})"), {}, {}},
    {"unknown_capability",
     with_process(R"("capabilities": {"bounding": ["CAP_KILL", "CAP_FLY"]})"),
     {},
     {"/process/capabilities/bounding/1: unknown capability 'CAP_FLY' is left out"}},
    {"capability_of_no_type",
     with_process(R"("capabilities": {"bounding": [5]})"),
     {"/process/capabilities/bounding/0: wrong type: a string is expected"},
     {}},
    {"unknown_namespace",
     with(R"("linux": {"namespaces": [{"type": "net"}, {"type": "networks"}]})"),
     {"/linux/namespaces/0/type: unknown namespace 'net'",
      "/linux/namespaces/1/type: unknown namespace 'networks': did you mean 'network'?"},
     {}},
    {"namespace_twice",
     with(R"("linux": {"namespaces": [{"type": "pid"}, {"type": "pid", "path": "/proc/1/ns/pid"}]})"),
     {"/linux/namespaces/1/type: 'pid' is there twice"},
     {}},
    {"relative_destination",
     with(R"("mounts": [{"destination": "data", "type": "tmpfs"}])"),
     {},
     {"/mounts/0/destination: a relative path: taken from the container's root"}},
    {"device_letters",
     with(
         R"("linux": {"devices": [{"type": "cb", "path": "/dev/x", "major": 1, "minor": 2}], "resources": {"devices": [{"allow": true, "type": "u"}]}})"),
     {"/linux/devices/0/type: 'cb' is not one of the letters cbup",
      "/linux/resources/devices/0/type: 'u' is not one of the letters abc"},
     {}},
    {"device_numbers",
     with(R"("linux": {"devices": [{"type": "c", "path": "/dev/x"}, {"type": "p", "path": "/dev/fifo"}]})"),
     {"/linux/devices/0/major: missing", "/linux/devices/0/minor: missing"},
     {}},
    {"old_version",
     R"({"ociVersion": "0.5.0-dev", "root": {"path": "r"}, "process": {"cwd": "/", "args": ["sh"]}})",
     {},
     {"/ociVersion: version 0.5.0-dev is taken for 1.3.0"}},
    {"no_version",
     R"({"ociVersion": "latest", "root": {"path": "r"}, "process": {"cwd": "/", "args": ["sh"]}})",
     {"/ociVersion: 'latest' is not a version as in \"1.3.0\""},
     {}},
};

class Problems : public testing::TestWithParam<ProblemCase> {};
TEST_P(Problems, AreAllFound) {
  const Reading reading = read_config(GetParam().json);
  EXPECT_EQ(lines(reading.findings.errors), GetParam().errors);
  EXPECT_EQ(lines(reading.findings.warnings), GetParam().warnings);
}
INSTANTIATE_TEST_SUITE_P(Reading, Problems, testing::ValuesIn(kProblems),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Strict, MakesWarningsErrors) {
  const Reading reading = read_config(with(R"("hostnam": "x")"), Strictness::kStrict);
  EXPECT_THAT(lines(reading.findings.errors), testing::ElementsAre("/hostnam: unknown key: did you mean 'hostname'?"));
  EXPECT_THAT(reading.findings.warnings, testing::IsEmpty());
}

TEST(Syntax, ErrorsHaveALineAndAColumn) {
  const Reading reading = read_config("{\n  \"a\": 1,\n  \"b\" 2\n}");
  ASSERT_EQ(reading.findings.errors.size(), 1U);
  EXPECT_THAT(reading.findings.errors[0].line(), testing::StartsWith("not JSON: line 3, column 7: syntax error"));
  EXPECT_THAT(read_config("{\"a\": \"\xff\"}").findings.errors[0].line(), testing::HasSubstr("ill-formed UTF-8"));
  EXPECT_THAT(read_config(with("") + "x").findings.errors[0].line(), testing::HasSubstr("syntax error"));
  EXPECT_EQ(read_config(with("") + '\0' + "x").findings.errors[0].line().substr(0, 10), "not JSON: ");
  EXPECT_THAT(read_config(std::string(100'000, '[')).findings.errors[0].line(), testing::HasSubstr("column 100001"));
  EXPECT_THAT(read_config(R"({"a": 1e999})").findings.errors[0].line(), testing::HasSubstr("line 1"));
}

TEST(Errors, AreOneErrorForTheCaller) {
  const Error error = as_error({{"/a", "wrong"}, {"/b", "missing"}, {"", "bad"}}, "config.json");
  EXPECT_EQ(error.text(), "config.json: /a: wrong");
  EXPECT_EQ(error.hint, "also: /b: missing; bad");
}

struct DataCase {
  const char* file;
  std::vector<std::string> errors;
};
void PrintTo(const DataCase& row, std::ostream* out) { *out << row.file; }
class SpecificationData : public testing::TestWithParam<DataCase> {};
TEST_P(SpecificationData, IsReadAsItIsMeant) {
  EXPECT_EQ(lines(read_config(data(GetParam().file)).findings.errors), GetParam().errors);
}

constexpr const char* kNoProcess = "/process/args: missing: there is nothing to run";
INSTANTIATE_TEST_SUITE_P(
    Files, SpecificationData,
    testing::Values(
        DataCase{"good/minimal-for-start.json", {}}, DataCase{"good/minimal.json", {kNoProcess}},
        DataCase{"good/linux-netdevice.json",
                 {kNoProcess,
                  "/linux/netDevices: set, but the container has no network namespace: they would stay the host's"}},
        DataCase{"good/linux-rdma.json", {kNoProcess}}, DataCase{"good/freebsd-minimal.json", {kNoProcess}},
        DataCase{"good/zos-minimal.json", {kNoProcess}}, DataCase{"good/spec-example.json", {}},
        DataCase{"bad/invalid-json.json",
                 {"not JSON: line 1, column 2: syntax error while parsing object key - unexpected ']'; expected string "
                  "literal"}},
        DataCase{"bad/linux-hugepage.json",
                 {kNoProcess, "/linux/resources/hugepageLimits/0/pageSize: '64kB' is not a page size as in \"2MB\""}},
        DataCase{"bad/linux-netdevice.json",
                 {"/linux/netDevices/eth0/name: wrong type: a string is expected", kNoProcess}},
        DataCase{"bad/linux-rdma.json",
                 {"/linux/resources/rdma/mlx5_1/hcaHandles: wrong type: a whole number is expected", kNoProcess}},
        DataCase{"bad/freebsd-vnet-disable.json", {"/freebsd: not supported by this version of caisson", kNoProcess}}));

TEST(Values, OfTheSpecificationsExampleArrive) {
  const Config config = read_config(data("good/spec-example.json")).config;
  EXPECT_EQ(config.hostname, "slartibartfast");
  EXPECT_TRUE(config.root.readonly);
  EXPECT_THAT(config.process.user.additional_gids, testing::ElementsAre(5, 6));
  EXPECT_EQ(config.process.capabilities->ambient, 1U << 10);
  EXPECT_EQ(config.mounts.size(), 7U);
  EXPECT_THAT(config.mounts[1].options, testing::Contains("strictatime"));
  EXPECT_EQ(config.linux_.resources.memory.limit, 536870912);
  EXPECT_EQ(config.linux_.resources.memory.kernel, -1);
  EXPECT_EQ(config.linux_.resources.pids_limit, 32771);
  EXPECT_EQ(config.linux_.resources.devices.size(), 3U);
  EXPECT_EQ(config.linux_.resources.devices[1].major, 10);
  EXPECT_EQ(config.linux_.resources.block_io.throttle_write_iops[0].minor, 16);
  EXPECT_EQ(config.linux_.devices[0].file_mode, 0666U);
  EXPECT_EQ(config.linux_.namespaces[7].type, NamespaceType::kTime);
  EXPECT_EQ(config.annotations.at("com.example.key2"), "value2");
  ASSERT_TRUE(config.linux_.seccomp);
  EXPECT_EQ(config.linux_.seccomp->default_action, SeccompAction::kAllow);
  EXPECT_THAT(config.linux_.seccomp->architectures, testing::ElementsAre("SCMP_ARCH_X86", "SCMP_ARCH_X32"));
  EXPECT_EQ(config.linux_.seccomp->syscalls[0].action, SeccompAction::kErrno);
  EXPECT_THAT(config.linux_.seccomp->syscalls[0].names, testing::ElementsAre("getcwd", "chmod"));
}

TEST(DeviceRules, OfGoProgramsSayAllAsMinusOne) {
  const Reading reading = read_config(
      with_resources(R"("devices": [{"allow": true, "type": "c", "major": -1, "minor": -1, "access": "m"}])"));
  EXPECT_THAT(reading.findings.errors, testing::IsEmpty());
  EXPECT_EQ(reading.config.linux_.resources.devices[0].major, std::nullopt);
}

TEST(Resources, AloneAreReadAsInAConfiguration) {
  const ResourcesReading read = read_resources(
      R"({"memory": {"limit": 5, "swap": null}, "pids": {"limit": -1}, "network": {"classID": 7, "priorities":
          [{"name": "lo", "priority": 3}]}, "new": 1})");
  EXPECT_THAT(read.findings.errors, testing::IsEmpty());
  ASSERT_THAT(read.findings.warnings, testing::SizeIs(1));
  EXPECT_EQ(read.findings.warnings[0].pointer, "/new");
  EXPECT_EQ(read.resources.memory.limit, 5);
  EXPECT_EQ(read.resources.memory.swap, std::nullopt);
  EXPECT_EQ(read.resources.pids_limit, -1);
  EXPECT_EQ(read.resources.network.class_id, 7U);
  EXPECT_EQ(read.resources.network.priorities[0].name, "lo");
  for (const char* text : {"", "[]", "{", R"({"memory": {"limit": "5"}})"})
    EXPECT_THAT(read_resources(text).findings.errors, testing::Not(testing::IsEmpty())) << text;
}

TEST(Resources, AreReplacedInAConfigurationThatStaysAsItIs) {
  const std::string config = R"({"ociVersion":"1.0.2","mine":{"a":1},"linux":{"x":2,"resources":{"y":3}}})";
  EXPECT_EQ(replace_resources(config, {.pids_limit = 4}).value(),
            R"({"ociVersion":"1.0.2","mine":{"a":1},"linux":{"x":2,"resources":{"pids":{"limit":4}}}})");
  EXPECT_EQ(replace_resources("{}", {.pids_limit = 4}).value(), R"({"linux":{"resources":{"pids":{"limit":4}}}})");
  EXPECT_FALSE(replace_resources("[]", {}).has_value());
  EXPECT_FALSE(replace_resources("{", {}).has_value());
}

}  // namespace
}  // namespace caisson::spec
