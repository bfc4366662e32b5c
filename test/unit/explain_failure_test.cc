// What is said about a failure, and the exit status it leads to.
#include <gtest/gtest.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <functional>

#include "explain/call.h"
#include "explain/failure.h"

namespace caisson::explain {
namespace {

using plan::Call;
using plan::Failure;
using plan::Lane;
using plan::Plan;

struct LineCase {
  std::string name;
  std::string item;
  std::function<plan::Action(Plan&)> action;
  plan::StepFailure what;
  std::string line;
  int exit_status = 125;
};

void PrintTo(const LineCase& c, std::ostream* out) { *out << c.name; }

class LineTest : public testing::TestWithParam<LineCase> {};

TEST_P(LineTest, SaysWhatWhereAndWhy) {
  Plan plan;
  plan.append(Lane::kChild, GetParam().item, "", GetParam().action(plan));
  const Failure failure{.lane = Lane::kChild, .what = GetParam().what};
  EXPECT_EQ(tell(plan, failure, HostFacts{}).line, GetParam().line);
  EXPECT_EQ(exit_status(plan, failure), GetParam().exit_status);
}

plan::Action devpts(Plan& p) {
  return plan::Mount{.type = p.add("devpts"),
                     .target = p.add("/dev/pts"),
                     .options = p.add(std::vector<std::string>{"newinstance", "gid=5"}),
                     .set = MOUNT_ATTR_NOSUID};
}

plan::Action bind(Plan& p) {
  const plan::Slot slot = p.new_slot("tree");
  p.append(Lane::kParent, "", "", plan::OpenTree{.source = p.add("/srv"), .slot = slot});
  return plan::Mount{.tree = slot, .target = p.add("/data"), .set = MOUNT_ATTR_RDONLY, .clear = MOUNT_ATTR_NOEXEC};
}

plan::Action command(Plan& p, const std::vector<std::string>& arguments, const std::vector<std::string>& candidates) {
  return plan::Exec{.candidates = p.add(candidates), .arguments = p.add(arguments)};
}

const std::vector<LineCase> kLineCases = {
    {"RefusedOption",
     "mounts[2]",
     devpts,
     {.call = Call::kFsconfig, .operand = 1, .error = EINVAL},
     "mounts[2]: mount devpts at /dev/pts: fsconfig(\"gid\", \"5\"): Invalid argument"},
    {"RefusedFlag",
     "mounts[2]",
     devpts,
     {.call = Call::kFsconfig, .operand = 0, .error = EINVAL},
     "mounts[2]: mount devpts at /dev/pts: fsconfig(\"newinstance\"): Invalid argument"},
    {"RefusedFileSystem",
     "mounts[2]",
     devpts,
     {.call = Call::kFsconfig, .operand = 0xffff, .error = EPERM},
     "mounts[2]: mount devpts at /dev/pts: fsconfig(FSCONFIG_CMD_CREATE): Operation not permitted"},
    {"UnknownFileSystem",
     "mounts[2]",
     devpts,
     {.call = Call::kFsopen, .error = ENODEV},
     "mounts[2]: mount devpts at /dev/pts: fsopen(\"devpts\"): No such device"},
    {"FlagsByName",
     "mounts[2]",
     devpts,
     {.call = Call::kFsmount, .error = EPERM},
     "mounts[2]: mount devpts at /dev/pts: fsmount(\"devpts\", MOUNT_ATTR_NOSUID): Operation not permitted"},
    {"AttributesByName",
     "-v /srv:/data:ro,exec",
     bind,
     {.call = Call::kMountSetattr, .error = EPERM},
     "-v /srv:/data:ro,exec: bind /srv at /data: mount_setattr(\"/data\", set MOUNT_ATTR_RDONLY, clear "
     "MOUNT_ATTR_NOEXEC): Operation not permitted"},
    {"Binding",
     "mounts[3]",
     bind,
     {.call = Call::kMoveMount, .error = ENOTDIR},
     "mounts[3]: bind /srv at /data: move_mount(\"/srv\", \"/data\"): Not a directory"},
    {"CloneFlags",
     "linux.namespaces",
     [](Plan&) -> plan::Action { return plan::Spawn{.flags = CLONE_NEWPID | CLONE_NEWNS}; },
     {.call = Call::kClone3, .error = EPERM},
     "linux.namespaces: clone with new pid, mount namespaces: clone3(CLONE_NEWPID|CLONE_NEWNS): Operation not "
     "permitted"},
    {"NthDirectory",
     "linux.cgroupsPath",
     [](Plan& p) -> plan::Action {
       return plan::MakeCgroup{.directories = p.add(std::vector<std::string>{"/c/a/1", "/c/b/1"}),
                               .first = p.new_slot("s")};
     },
     {.call = Call::kMkdir, .operand = 1, .error = EROFS},
     "linux.cgroupsPath: make the cgroups /c/{a,b}/1: mkdir(\"/c/b/1\"): Read-only file system"},
    {"WrittenValue",
     "--memory",
     [](Plan& p) -> plan::Action { return plan::WriteFile{.path = p.add("/c/memory.max"), .value = p.add("5")}; },
     {.call = Call::kWrite, .error = EINVAL},
     "--memory: write \"5\" to memory.max: write(\"/c/memory.max\", \"5\"): Invalid argument"},
    {"Limit",
     "--ulimit nofile=9",
     [](Plan&) -> plan::Action {
       return plan::SetAttribute{.attribute = plan::Attribute::kLimit, .which = RLIMIT_NOFILE, .value = 9, .second = 9};
     },
     {.call = Call::kPrlimit, .error = EPERM},
     "--ulimit nofile=9: set RLIMIT_NOFILE to 9 (hard limit 9): setrlimit(RLIMIT_NOFILE, 9, 9): Operation not "
     "permitted"},
    {"CapabilityByName",
     "process.capabilities",
     [](Plan&) -> plan::Action { return plan::SetIds{.uid = 5}; },
     {.call = Call::kPrctl, .operand = 21, .error = EPERM},
     "process.capabilities: become user 5, group 0: prctl(CAP_SYS_ADMIN): Operation not permitted"},
    {"Check",
     "process.cwd",
     [](Plan& p) -> plan::Action { return plan::ChangeDirectory{.path = p.add("/proc/self/fd/7")}; },
     {.call = Call::kVerifyInside, .error = EXDEV},
     "process.cwd: change to the directory /proc/self/fd/7: it lies outside the container's root: Invalid cross-device "
     "link"},
    {"Filter",
     "--security-opt seccomp=x.json",
     [](Plan& p) -> plan::Action {
       return plan::LoadFilter{.instructions = p.add(std::vector<struct sock_filter>(3)), .flags = 4};
     },
     {.call = Call::kSeccomp, .error = EACCES},
     "--security-opt seccomp=x.json: load the filter of system calls: seccomp(SECCOMP_SET_MODE_FILTER, "
     "SECCOMP_FILTER_FLAG_SPEC_ALLOW, 3 instructions): Permission denied"},
    {"Listener",
     "linux.seccomp.listenerPath",
     [](Plan& p) -> plan::Action { return plan::SendListener{.path = p.add("/run/agent")}; },
     {.call = Call::kConnect, .error = ECONNREFUSED},
     "linux.seccomp.listenerPath: failed to connect with seccomp agent /run/agent: connect(\"/run/agent\"): Connection "
     "refused"},
    {"NoItem",
     "",
     [](Plan&) -> plan::Action { return plan::Unshare{CLONE_NEWNET}; },
     {.call = Call::kUnshare, .error = ENOSPC},
     "unshare the network namespace: unshare(CLONE_NEWNET): No space left on device"},
    {"CommandMissing",
     "process.args",
     [](Plan& p) { return command(p, {"foo", "-x"}, {"/bin/foo", "/usr/bin/foo"}); },
     {.call = Call::kExecve, .operand = 1, .error = ENOENT},
     "exec: \"foo\": executable file not found in $PATH: No such file or directory",
     127},
    {"PathMissing",
     "process.args",
     [](Plan& p) { return command(p, {"/bin/foo"}, {"/bin/foo"}); },
     {.call = Call::kExecve, .error = ENOENT},
     "exec: \"/bin/foo\": No such file or directory",
     127},
    {"PathBelowAFile",
     "process.args",
     [](Plan& p) { return command(p, {"/etc/passwd/foo"}, {"/etc/passwd/foo"}); },
     {.call = Call::kExecve, .error = ENOTDIR},
     "exec: \"/etc/passwd/foo\": Not a directory",
     127},
    {"NotExecutable",
     "process.args",
     [](Plan& p) { return command(p, {"foo"}, {"/bin/foo", "/usr/bin/foo"}); },
     {.call = Call::kExecve, .operand = 1, .error = EACCES},
     "exec: \"/usr/bin/foo\": Permission denied",
     126},
    {"WrongFormat",
     "process.args",
     [](Plan& p) { return command(p, {"/foo"}, {"/foo"}); },
     {.call = Call::kExecve, .error = ENOEXEC},
     "exec: \"/foo\": Exec format error",
     126},
};

INSTANTIATE_TEST_SUITE_P(Lines, LineTest, testing::ValuesIn(kLineCases),
                         [](const auto& one) { return one.param.name; });

TEST(Failure, NamesTheSecondAlternative) {
  Plan plan;
  const plan::Slot slot = plan.new_slot("tree");
  plan.append(Lane::kParent, "", "", plan::OpenTree{.source = plan.add("/sys"), .slot = slot});
  plan::Step& step =
      plan.append(Lane::kChild, "mounts[5]", "", plan::Mount{.type = plan.add("sysfs"), .target = plan.add("/sys")});
  plan.add_fallback(step, plan::Mount{.tree = slot, .target = plan.add("/sys")}, {EPERM});
  const Failure failure{.lane = Lane::kChild, .what = {.call = Call::kMoveMount, .alternative = 1, .error = EINVAL}};
  EXPECT_EQ(tell(plan, failure, HostFacts{}).line,
            "mounts[5]: bind /sys at /sys (after 'mount sysfs at /sys' was refused): move_mount(\"/sys\", \"/sys\"): "
            "Invalid argument");
}

TEST(Failure, KeepsWhatFailedWhileCleaningUp) {
  Plan plan;
  plan.append(Lane::kParent, "linux.cgroupsPath", "",
              plan::MakeCgroup{.directories = plan.add(std::vector<std::string>{"/c/1"}), .first = plan.new_slot("s")});
  plan.append(Lane::kChild, "hostname", "", plan::SetHostname{.hostname = plan.add("a")});
  Failure failure{.lane = Lane::kChild, .what = {.call = Call::kSethostname, .error = EPERM}};
  failure.undo.push_back(Failure{.lane = Lane::kParent, .what = {.call = Call::kRmdir, .error = EBUSY}});
  EXPECT_EQ(tell(plan, failure, HostFacts{}).line,
            "hostname: set the hostname to a: sethostname(\"a\"): Operation not permitted; and while cleaning up: "
            "linux.cgroupsPath: make the cgroup /c/1: rmdir(\"/c/1\"): Device or resource busy");
}

TEST(Failure, TellsHowTheOtherProcessWent) {
  Plan plan;
  plan.append(Lane::kParent, "process", "", plan::Await{plan::Tag::kReady});
  Failure failure{.lane = Lane::kParent, .what = {.call = Call::kProtocol}};
  EXPECT_EQ(tell(plan, failure, HostFacts{}).line,
            "wait for 'ready': the other process went away or said something else");
  failure.wait_status = 9;
  EXPECT_EQ(tell(plan, failure, HostFacts{}).line,
            "the container's process was killed by signal 9 (SIGKILL) before it said 'ready'");
  failure.wait_status = 3 << 8;
  EXPECT_EQ(tell(plan, failure, HostFacts{}).line,
            "the container's process ended with status 3 before it said 'ready'");
  EXPECT_EQ(exit_status(plan, failure), 125);
}

TEST(Failure, OfNoStepIsStillTold) {
  const Failure failure{.lane = Lane::kParent, .what = {.step = 7, .call = Call::kSocket, .error = EMFILE}};
  EXPECT_EQ(tell(Plan(), failure, HostFacts{}).line, "socket: Too many open files");
  EXPECT_EQ(exit_status(Plan(), failure), 125);
}

// Every call of every kind of step is put into words, whatever the number of its operand.
TEST(Failure, TakesEveryCallOfEveryStep) {
  Plan plan;
  const auto add = [&](const plan::Action& action) { plan.append(Lane::kChild, "item", "", action); };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (add(std::variant_alternative_t<I, plan::Action>{}), ...);
  }(std::make_index_sequence<std::variant_size_v<plan::Action>>());
  for (std::uint16_t step = 0; step < plan.lane(Lane::kChild).size(); ++step) {
    for (int call = 0; call <= static_cast<int>(Call::kCount); ++call) {
      for (const std::uint16_t operand : std::initializer_list<std::uint16_t>{0, 1, 0xffff}) {
        const Failure failure{
            .lane = Lane::kChild,
            .what = {.step = step, .call = static_cast<Call>(call), .operand = operand, .error = EINVAL}};
        const Told told = tell(plan, failure, HostFacts{});
        EXPECT_FALSE(told.line.empty());
        EXPECT_EQ(told.line.find('\n'), std::string::npos);
      }
    }
  }
}

}  // namespace
}  // namespace caisson::explain
