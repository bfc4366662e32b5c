// Profiles: read, and made into rules by what they depend on.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "seccomp/compile.h"
#include "seccomp/profile.h"
#include "spec/capability.h"

namespace caisson::seccomp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string text_of(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::string> lines(const std::vector<spec::Problem>& problems) {
  std::vector<std::string> found;
  for (const spec::Problem& problem : problems) found.push_back(problem.line());
  return found;
}

TEST(Profiles, TheDefaultOneIsTheFileItWasMadeOf) {
  const ProfileReading reading = read_profile(text_of(PODMAN_PROFILE));
  EXPECT_THAT(lines(reading.findings.errors), IsEmpty());
  EXPECT_THAT(lines(reading.findings.warnings), IsEmpty());
  EXPECT_EQ(default_profile(), reading.profile);
}

TEST(Profiles, OfDockerIsRead) {
  const ProfileReading reading = read_profile(text_of(DOCKER_PROFILE));
  EXPECT_THAT(lines(reading.findings.errors), IsEmpty());
  EXPECT_THAT(lines(reading.findings.warnings), IsEmpty());
  EXPECT_EQ(reading.profile.rules.size(), 33U);
}

TEST(Profiles, HaveEveryKeyOfTheirs) {
  const ProfileReading reading = read_profile(R"({
    "defaultAction": "SCMP_ACT_KILL_PROCESS", "flags": ["SECCOMP_FILTER_FLAG_LOG"],
    "listenerPath": "/run/agent", "listenerMetadata": "m",
    "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
    "syscalls": [
      {"name": "read", "action": "SCMP_ACT_ALLOW", "comment": "older form"},
      {"names": ["[", "\"]}\n{", "open"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "errno": "ENOENT",
       "includes": {"caps": ["CAP_KILL", "CAP_FLY"], "minKernel": "4.8"}},

      {"names": ["mkdir"], "action": "SCMP_ACT_TRACE", "errno": "7", "excludes": {"arches": ["arm64"]},
       "args": [{"index": 1, "value": 18446744073709551615, "valueTwo": 2, "op": "SCMP_CMP_MASKED_EQ"}]}]})");
  EXPECT_THAT(lines(reading.findings.errors), IsEmpty());
  EXPECT_THAT(lines(reading.findings.warnings),
              ElementsAre("/syscalls/1/includes/caps/1: unknown capability 'CAP_FLY': no container has it",
                          "/syscalls/1/names/0: unknown system call '[' is left out",
                          "/syscalls/1/names/1: unknown system call '\"]}\n{' is left out"));
  const Profile& profile = reading.profile;
  EXPECT_EQ(profile.base.default_action, spec::SeccompAction::kKillProcess);
  EXPECT_EQ(profile.base.listener_metadata, "m");
  ASSERT_EQ(profile.rules.size(), 3U);
  EXPECT_THAT(profile.rules[0].rule.names, ElementsAre("read"));
  EXPECT_EQ(profile.rules[1].rule.errno_ret, 2U) << "podman's name wins over the number";
  EXPECT_TRUE(profile.rules[1].includes.unknown_capability);
  EXPECT_EQ(profile.rules[1].includes.least_kernel, (KernelVersion{4, 8}));
  EXPECT_EQ(profile.rules[2].rule.errno_ret, 7U);
  EXPECT_EQ(profile.rules[2].rule.args[0].value, ~std::uint64_t{0});
  EXPECT_THAT((std::vector{profile.rules[0].line, profile.rules[1].line, profile.rules[2].line}),
              ElementsAre(6, 7, 10));
}

struct BadProfile {
  const char* name;
  const char* text;
  std::vector<std::string> errors;
};
void PrintTo(const BadProfile& bad, std::ostream* out) { *out << bad.name; }

class BadProfiles : public ::testing::TestWithParam<BadProfile> {};
TEST(BadProfile, TextBehindANullByte) {
  using namespace std::string_view_literals;
  EXPECT_EQ(lines(read_profile("{\"defaultAction\": \"SCMP_ACT_ALLOW\"}\n\0\""sv).findings.errors),
            std::vector<std::string>{"not JSON: line 2, column 1: a null byte"});
}
TEST_P(BadProfiles, SayWhere) { EXPECT_EQ(lines(read_profile(GetParam().text).findings.errors), GetParam().errors); }
INSTANTIATE_TEST_SUITE_P(
    All, BadProfiles,
    ::testing::Values(
        BadProfile{
            "Syntax",
            "{\"defaultAction\": }",
            {"not JSON: line 1, column 19: syntax error while parsing value - unexpected '}'; expected '[', '{', "
             "or a literal"}},
        BadProfile{"List", "[]", {"wrong type: an object is expected"}},
        BadProfile{"Nothing", "{}", {"/defaultAction: missing"}},
        BadProfile{"Both",
                   R"({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86"],
                              "archMap": [{"architecture": "SCMP_ARCH_X86"}],
                              "syscalls": [{"name": "read", "names": ["write"], "action": "SCMP_ACT_LOG"}]})",
                   {"/architectures: there is archMap too: it is either",
                    "/syscalls/0/name: there is names too: it is either"}},
        BadProfile{"Words",
                   R"({"defaultAction": "SCMP_ACT_ALLOW", "archMap": [{"architecture": "X86_64",
                               "subArchitectures": ["SCMP_ARCH_X86", "X32"]}], "syscalls": []})",
                   {"/archMap/0/architecture: unknown architecture 'X86_64'",
                    "/archMap/0/subArchitectures/1: unknown architecture 'X32'"}},
        BadProfile{"Errno",
                   R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "ENOTHING",
                               "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "errno": "9999",
                               "includes": {"minKernel": "new"}}]})",
                   {"/defaultErrno: unknown error 'ENOTHING'", "/syscalls/0/errno: unknown error '9999'",
                    "/syscalls/0/includes/minKernel: 'new' is not a version as in \"4.8\""}},
        BadProfile{"NoName",
                   R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "SCMP_ACT_LOG"}]})",
                   {"/syscalls/0/names: empty: a rule is about at least one call"}}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Profiles, DependOnTheContainerAndTheHost) {
  const auto kill = spec::capability_bit(*spec::capability_number("KILL"));
  const Architecture& arm = *find_architecture("arm64");
  const auto why = [&](Dependence includes, Dependence excludes, Situation situation) {
    return absence({.rule = {}, .includes = std::move(includes), .excludes = std::move(excludes)}, situation);
  };
  EXPECT_EQ(why({}, {}, {}), Absence::kNone);
  EXPECT_EQ(why({.capabilities = kill | 1}, {}, {.capabilities = kill}), Absence::kLacksCapability);
  EXPECT_EQ(why({.capabilities = kill | 1}, {}, {.capabilities = kill | 1}), Absence::kNone);
  EXPECT_EQ(why({.unknown_capability = true}, {}, {.capabilities = ~0ULL}), Absence::kLacksCapability);
  EXPECT_EQ(why({}, {.capabilities = kill | 1}, {.capabilities = kill}), Absence::kHasCapability);
  EXPECT_EQ(why({}, {.capabilities = kill}, {.capabilities = 1}), Absence::kNone);
  EXPECT_EQ(why({.go_names = {"amd64"}}, {}, {.native = &arm}), Absence::kArchitecture);
  EXPECT_EQ(why({.go_names = {"amd64", "arm64"}}, {}, {.native = &arm}), Absence::kNone);
  EXPECT_EQ(why({}, {.go_names = {"arm64"}}, {.native = &arm}), Absence::kArchitecture);
  EXPECT_EQ(why({.least_kernel = {{4, 8}}}, {}, {.kernel = {4, 7}}), Absence::kKernel);
  EXPECT_EQ(why({.least_kernel = {{4, 8}}}, {}, {.kernel = {5, 0}}), Absence::kNone);
  EXPECT_EQ(why({}, {.least_kernel = {{4, 8}}}, {.kernel = {4, 8}}), Absence::kKernel);
}

TEST(Profiles, GiveTheArchitecturesOfTheMachine) {
  const auto of = [](const char* native) {
    return resolve(default_profile(), {.native = find_architecture(native)}).architectures;
  };
  EXPECT_THAT(of("amd64"), ElementsAre("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"));
  EXPECT_THAT(of("arm64"), ElementsAre("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"));
  EXPECT_THAT(of("riscv64"), IsEmpty());
}

TEST(KernelVersions, AreTheFirstTwoNumbers) {
  EXPECT_EQ(kernel_version("6.18.44-fc"), (KernelVersion{6, 18}));
  EXPECT_EQ(kernel_version("4.8"), (KernelVersion{4, 8}));
  EXPECT_EQ(kernel_version("4.8-rc1"), (KernelVersion{4, 8}));
  for (const char* text : {"", "4", "a.b", "4.", ".8", "4.99999999999"})
    EXPECT_EQ(kernel_version(text), std::nullopt) << text;
}

TEST(UnknownCalls, AreFoundOnceEach) {
  spec::Seccomp seccomp;
  seccomp.syscalls = {{{"read", "no_such"}, {}, {}, {}}, {{"no_such", "nor_this", "set_tls"}, {}, {}, {}}};
  const auto unknown = unknown_calls(seccomp);
  ASSERT_EQ(unknown.size(), 2U);
  EXPECT_EQ(unknown[0].name, "no_such");
  EXPECT_EQ(unknown[1].rule, 1U);
}

}  // namespace
}  // namespace caisson::seccomp
