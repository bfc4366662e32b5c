// Plans of a real configuration, run as root or, the tests OrdinaryUser, as another: each step once made to fail, with
// the report, the exit status and the host looked at afterwards; and the hooks. For test/system/launch.bats.
//
//     system_launch ROOTFS    a root filesystem with busybox, which may be written to
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "cgroup/removal.h"
#include "execute/executor.h"
#include "explain/failure.h"
#include "host/probe.h"
#include "kernel/files.h"
#include "kernel/processes.h"
#include "plan/build.h"
#include "plan/check.h"
#include "runtime/hooks.h"
#include "runtime/launch.h"
#include "spec/json.h"

namespace caisson {
namespace {

using plan::Lane;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string rootfs;  // NOLINT: given on the command line

constexpr std::string_view kMounts = R"([
  {"destination": "/proc", "type": "proc", "source": "proc"},
  {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=65536k"]},
  {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"]},
  {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
  {"destination": "/tmp", "type": "bind", "source": "/tmp", "options": ["rbind", "ro"]}])";

std::vector<std::string> names_in(const std::string& directory) {
  return kernel::list_directory(directory).value_or(std::vector<std::string>());
}

// What a process asks for itself, and a time namespace.
void ask_for_everything(spec::Config& config) {
  config.process.scheduler = spec::Scheduler{.policy = "SCHED_BATCH", .nice = 5};
  config.process.io_priority = spec::IoPriority{"IOPRIO_CLASS_BE", 3};
  config.process.exec_cpu_affinity = spec::CpuAffinity{"0", "0"};
  config.process.oom_score_adj = 500;
  config.linux_.personality = spec::Personality{"LINUX32", {}};
  config.linux_.memory_policy = spec::MemoryPolicy{"MPOL_INTERLEAVE", "0", {}};
  config.linux_.namespaces.push_back({spec::NamespaceType::kTime, ""});
  config.linux_.time_offsets["boottime"] = {5'000'000, 0};
  config.annotations["caisson.landlock.execute"] = "/bin";
  config.annotations["caisson.landlock.read"] = "/proc:/etc";
  config.annotations["caisson.landlock.write"] = "/";
}

struct Case {
  std::string name;
  bool terminal = false;
  bool user_namespace = false;
  bool ordinary_user = false;  ///< who has one id and no cgroup
  bool hooks = false;
  bool wait_for_start = false;
  std::string resources = "{}";
  bool everything = false;  ///< ask_for_everything()
};

std::string config_text(const Case& c, const std::string& script) {
  const std::string hook = R"([{"path": "/bin/true"}])";
  const std::string hooks = fmt::format(R"("prestart": {0}, "createRuntime": {0}, "createContainer": {0}, )"
                                        R"("startContainer": {0})",
                                        hook);
  const std::string maps =
      fmt::format(R"("uidMappings": [{{"containerID": 0, "hostID": {}, "size": {}}}],
                     "gidMappings": [{{"containerID": 0, "hostID": {}, "size": {}}}],)",
                  ::getuid(), c.ordinary_user ? 1 : 4294967295, ::getgid(), c.ordinary_user ? 1 : 4294967295);
  const std::string cgroup = c.ordinary_user ? "" : fmt::format(R"("cgroupsPath": "/caisson-launch-{}",)", ::getpid());
  return fmt::format(
      R"({{"ociVersion": "1.0.2", "hostname": "h", "root": {{"path": "{}", "readonly": true}}, "mounts": {},
        "process": {{"terminal": {}, "cwd": "/", "args": ["/bin/sh", "-c", "{}"], "env": ["PATH=/bin"],
          "rlimits": [{{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}}], "noNewPrivileges": true,
          "capabilities": {{"bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"]}}}},
        "hooks": {{{}}}, "annotations": {{"a": "b"}},
        "linux": {{{} {} "resources": {},
          "namespaces": [{{"type": "pid"}}, {{"type": "network"}}, {{"type": "ipc"}}, {{"type": "uts"}},
                         {{"type": "mount"}}, {{"type": "cgroup"}}{}],
          "maskedPaths": ["/proc/kcore", "/sys/firmware"], "readonlyPaths": ["/proc/sys"]}}}})",
      rootfs, kMounts, c.terminal, script, c.hooks ? hooks : "", c.user_namespace ? maps : "", cgroup, c.resources,
      c.user_namespace ? R"(, {"type": "user"})" : "");
}

spec::Config config_of(const std::string& text) {
  spec::Reading reading = spec::read_config(text);
  for (const spec::Problem& problem : reading.findings.errors) ADD_FAILURE() << problem.line();
  return std::move(reading.config);
}

// The container's cgroups that there are: one for each hierarchy of v1, or the one of v2.
std::vector<std::string> cgroups() {
  std::vector<std::string> hierarchies = names_in("/sys/fs/cgroup");
  hierarchies.emplace_back(".");
  std::vector<std::string> directories;
  for (const std::string& hierarchy : hierarchies) {
    const std::string directory = fmt::format("/sys/fs/cgroup/{}/caisson-launch-{}", hierarchy, ::getpid());
    if (kernel::exists(directory)) directories.push_back(directory);
  }
  return directories;
}

// What shows on the host, a line for each thing.
std::set<std::string> host_state() {
  std::set<std::string> state;
  const std::string mounts = kernel::read_file("/proc/self/mountinfo").value_or("");
  for (const std::string_view line : split(mounts, '\n')) state.insert("mount " + std::string(line));
  for (const std::string& name : names_in("/dev")) state.insert("/dev/" + name);
  for (const std::string& name : names_in("/proc/self/fd")) state.insert("descriptor " + name);
  for (const std::string& directory : cgroups()) state.insert("cgroup " + directory);
  if (::waitpid(-1, nullptr, WNOHANG | __WALL) != -1) state.insert("a child process");
  return state;
}

std::vector<std::string> difference(const std::set<std::string>& before, const std::set<std::string>& after) {
  std::vector<std::string> different;
  std::set_symmetric_difference(before.begin(), before.end(), after.begin(), after.end(),
                                std::back_inserter(different));
  return different;
}

struct Null {
  Fd file{*kernel::open_file("/dev/null", O_RDWR)};
  void give(execute::Executor& executor) const {
    for (const std::string_view slot : {plan::kSlotInput, plan::kSlotOutput, plan::kSlotError})
      executor.give(slot, file.get());
  }
};

// Runs `plan` once for each of its steps with that step made to fail.
void fail_each(const plan::Plan& plan, const HostFacts& facts, int target = -1) {
  ASSERT_THAT(plan::broken_rules(plan), IsEmpty());
  const Null null;
  const std::set<std::string> before = host_state();
  for (const Lane lane : {Lane::kParent, Lane::kLauncher, Lane::kChild}) {
    for (std::size_t step = 0; step < plan.lane(lane).size(); ++step) {
      SCOPED_TRACE(fmt::format("lane {} step {}", static_cast<int>(lane), step));
      if (std::holds_alternative<plan::AwaitStart>(plan.lane(lane)[step].action))
        break;  // what follows is another command's to hear of
      {
        execute::Executor executor(plan);
        null.give(executor);
        if (target >= 0) executor.give(plan::kSlotTarget, target);
        executor.fail_at(lane, static_cast<std::uint16_t>(step), EXDEV);
        const auto run = executor.run({});
        ASSERT_FALSE(run);
        const plan::Failure& failure = run.error();
        EXPECT_EQ(failure.lane, lane);
        EXPECT_EQ(failure.what.step, step);
        EXPECT_EQ(failure.what.error, EXDEV);
        EXPECT_THAT(failure.undo, IsEmpty());
        const plan::Action& action = plan.lane(lane)[step].action;
        const bool is_program =
            std::holds_alternative<plan::Exec>(action) || std::holds_alternative<plan::FindProgram>(action);
        EXPECT_EQ(explain::exit_status(plan, failure), is_program ? 126 : 125);
        EXPECT_THAT(explain::tell(plan, failure, facts).line, HasSubstr("Invalid cross-device link"));
      }
      EXPECT_THAT(difference(before, host_state()), IsEmpty());
    }
  }
}

void fail_each_of(const Case& c) {
  const HostFacts facts = host::probe();
  spec::Config config = config_of(config_text(c, "exit 0"));
  if (c.everything) ask_for_everything(config);
  const std::string made = fmt::format("/tmp/caisson-launch-{}", ::getpid());
  const Result<plan::Plan> plan = plan::plan_container(
      config, facts, {.sources = {{made, "made up\n"}}, .wait_for_start = c.wait_for_start, .death_signal = SIGKILL});
  ASSERT_TRUE(plan) << plan.error().text();
  fail_each(*plan, facts);
  EXPECT_FALSE(kernel::exists(made));
}

TEST(OrdinaryUser, EachStepThatFailsIsNamedAndLeavesNothing) {
  ASSERT_NE(::geteuid(), 0U);
  fail_each_of({.name = "plain", .user_namespace = true, .ordinary_user = true});
  fail_each_of({.name = "all",
                .terminal = true,
                .user_namespace = true,
                .ordinary_user = true,
                .hooks = true,
                .everything = true});
}

class Steps : public testing::TestWithParam<Case> {};
TEST_P(Steps, EachThatFailsIsNamedAndLeavesNothing) { fail_each_of(GetParam()); }

// A row more for each kind of plan.
INSTANTIATE_TEST_SUITE_P(
    Plans, Steps,
    testing::Values(Case{.name = "plain"}, Case{.name = "terminal", .terminal = true},
                    Case{.name = "limits", .resources = R"({"memory": {"limit": 67108864}, "pids": {"limit": 50}})"},
                    Case{.name = "hooks", .hooks = true},
                    Case{.name = "hooks_terminal", .terminal = true, .hooks = true},
                    Case{.name = "user_namespace", .user_namespace = true},
                    Case{.name = "everything", .everything = true},
                    Case{.name = "everything_in_user_namespace", .user_namespace = true, .everything = true},
                    Case{.name = "wait_for_start", .hooks = true, .wait_for_start = true}),
    [](const auto& test) { return test.param.name; });

// Launches `config`; its first process.
runtime::Launched launch(const spec::Config& config, const plan::Request& request) {
  const HostFacts facts = host::probe();
  const Result<plan::Plan> plan = plan::plan_container(config, facts, request);
  if (!plan) {
    ADD_FAILURE() << plan.error().text();
    return {};
  }
  const Null null;
  auto launched = runtime::launch(*plan, {null.file.get(), null.file.get(), null.file.get()}, facts);
  if (launched) return std::move(*launched);
  ADD_FAILURE() << launched.error().line;
  return {};
}

TEST(Exec, EachStepThatFailsIsNamedAndLeavesTheContainerAsItWas) {
  const spec::Config config = config_of(config_text({}, "exec sleep 1000"));
  const runtime::Launched container = launch(config, {.death_signal = SIGKILL});
  ASSERT_GT(container.pid, 0);
  const HostFacts facts = host::probe();
  for (const bool terminal : {false, true}) {
    spec::Process process = config.process;
    process.terminal = terminal;
    const Result<plan::Plan> plan = plan::plan_process(
        process,
        {.namespaces = {spec::NamespaceType::kPid, spec::NamespaceType::kMount, spec::NamespaceType::kUts,
                        spec::NamespaceType::kIpc, spec::NamespaceType::kNetwork},
         .root = {},
         .cgroup_directories = {}},
        facts, {.death_signal = SIGKILL});
    ASSERT_TRUE(plan) << plan.error().text();
    // The container is a child of this process, which host_state() would reap or report: only others count.
    const Null null;
    const std::size_t descriptors = names_in("/proc/self/fd").size();
    for (const Lane lane : {Lane::kParent, Lane::kLauncher, Lane::kChild}) {
      for (std::size_t step = 0; step < plan->lane(lane).size(); ++step) {
        SCOPED_TRACE(fmt::format("terminal {} lane {} step {}", terminal, static_cast<int>(lane), step));
        {
          execute::Executor executor(*plan);
          null.give(executor);
          executor.give(plan::kSlotTarget, container.pidfd.get());
          executor.fail_at(lane, static_cast<std::uint16_t>(step), EXDEV);
          const auto run = executor.run({});
          ASSERT_FALSE(run);
          EXPECT_EQ(run.error().lane, lane);
          EXPECT_EQ(run.error().what.step, step);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(-1, &status, WNOHANG | __WALL), 0)
            << "a process is left, or the container (" << container.pid << ") has ended: wait status " << status;
        EXPECT_EQ(names_in("/proc/self/fd").size(), descriptors);
      }
    }
  }
  ::kill(container.pid, SIGKILL);
  EXPECT_TRUE(kernel::wait_for(container.pid));
  EXPECT_TRUE(cgroup::kill_and_remove(cgroups()));
}

// Runs `plan` with its streams connected to `target`; what it ended with.
int status_of(const Result<plan::Plan>& plan, int target = -1) {
  if (!plan) {
    ADD_FAILURE() << plan.error().text();
    return -1;
  }
  const HostFacts facts = host::probe();
  const Null null;
  const Fd errors{::dup(2)};
  auto launched = runtime::launch(
      *plan, {.input = null.file.get(), .output = errors.get(), .error = errors.get(), .target = target}, facts);
  if (launched) return kernel::wait_for(launched->pid).value_or(-1);
  ADD_FAILURE() << launched.error().line << "\nhint: " << launched.error().hint;
  return -1;
}

// What it asked for, as it is seen from inside.
constexpr std::string_view kEverything =
    "set -- $(cat /proc/self/stat); test ${19} = 5 && test ${41} = 3 || exit 3; "
    "test $(uname -m) = i686 || exit 4; test $(cut -d. -f1 /proc/uptime) -ge 5000000 || exit 5; "
    "test $(cat /proc/self/oom_score_adj) = 500 || exit 6; grep -q interleave:0 /proc/self/numa_maps || exit 7; "
    "test $HOME = /from/passwd || exit 8; test $TWICE = second || exit 9; "
    "grep -q _ses.caisson-launch /proc/keys || exit 10; ";

TEST(Fields, OfAProcessAreWhatItFindsInTheContainerAndInFurtherProcesses) {
  const std::string passwd = fmt::format("/tmp/caisson-launch-passwd-{}", ::getpid());
  ASSERT_TRUE(kernel::write_new_file(passwd, "root:x:0:0:root:/from/passwd:/bin/sh\n", 0644));
  const std::string allowed = "grep -q 'Cpus_allowed_list:.*[^0-9]0$' /proc/self/status";
  const std::string bounds = "! ls /sys >/dev/null 2>&1 || exit 11; ";
  spec::Config config = config_of(config_text({}, std::string(kEverything) + bounds + "exec sleep 1000"));
  ask_for_everything(config);
  config.annotations["caisson.landlock.read"] = "/proc:/etc:/dev";
  config.annotations["caisson.landlock.write"] = "/tmp:/dev";
  config.process.env = {"PATH=/bin:/usr/bin", "TWICE=first", "TWICE=second", "HOME="};
  config.mounts.push_back({"/etc/passwd", "bind", passwd, {"bind", "ro"}});
  plan::Request request{.death_signal = SIGKILL, .state = {.id = fmt::format("caisson-launch-{}", ::getpid())}};

  cpu_set_t before{}, first{};
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  CPU_SET(0, &first);
  ASSERT_EQ(::sched_setaffinity(0, sizeof first, &first), 0);
  const HostFacts facts = host::probe();
  config.process.args[2] = std::string(kEverything) + bounds + (CPU_COUNT(&before) > 1 ? "! " : "") + allowed;
  EXPECT_EQ(status_of(plan::plan_container(config, facts, request)), 0);
  ::sched_setaffinity(0, sizeof before, &before);
  EXPECT_TRUE(cgroup::kill_and_remove(cgroups()));

  config.process.args[2] = "exec sleep 1000";
  const runtime::Launched container = launch(config, request);
  ASSERT_GT(container.pid, 0);
  spec::Process process = config.process;
  process.args = {"/bin/sh", "-c", std::string(kEverything) + bounds + allowed};
  plan::Target target{
      .namespaces = {spec::NamespaceType::kPid, spec::NamespaceType::kMount, spec::NamespaceType::kUts,
                     spec::NamespaceType::kIpc, spec::NamespaceType::kNetwork, spec::NamespaceType::kTime},
      .root = {},
      .cgroup_directories = {}};
  plan::inherit(config, target);
  request.state.pid = container.pid;
  EXPECT_EQ(status_of(plan::plan_process(process, target, facts, request), container.pidfd.get()), 0);
  ::kill(container.pid, SIGKILL);
  EXPECT_TRUE(kernel::wait_for(container.pid));
  EXPECT_TRUE(cgroup::kill_and_remove(cgroups()));
  ::unlink(passwd.c_str());
}

TEST(Fields, ThatCannotBeAreNamedWithTheirCause) {
  const auto line_of = [](const std::function<void(spec::Config&)>& change) {
    spec::Config config = config_of(config_text({}, "exit 0"));
    change(config);
    const HostFacts facts = host::probe();
    const Result<plan::Plan> plan = plan::plan_container(config, facts, {});
    if (!plan) return plan.error().text();
    const Null null;
    const auto launched = runtime::launch(*plan, {null.file.get(), null.file.get(), null.file.get()}, facts);
    if (launched) {
      ADD_FAILURE() << "it runs";
      (void)kernel::wait_for(launched->pid);
      (void)cgroup::kill_and_remove(cgroups());
      return std::string();
    }
    return launched.error().line + "; " + launched.error().hint;
  };
  const HostFacts facts = host::probe();
  const std::set<std::string> before = host_state();
  if (!facts.apparmor) {
    EXPECT_THAT(line_of([](auto& c) { c.process.apparmor_profile = "mine"; }),
                testing::AllOf(testing::StartsWith("process.apparmorProfile: "),
                               HasSubstr("`/proc/thread-self/attr/exec`"), HasSubstr("AppArmor is not enabled")));
  }
  if (!facts.selinux) {
    EXPECT_THAT(line_of([](auto& c) { c.process.selinux_label = "a:b:c"; }),
                testing::StartsWith("process.selinuxLabel: SELinux is not enabled"));
  }
  EXPECT_THAT(line_of([](auto& c) { c.process.scheduler = spec::Scheduler{.policy = "SCHED_ISO"}; }),
              HasSubstr("sched_setattr(SCHED_ISO): Invalid argument"));
  EXPECT_THAT(
      line_of([](auto& c) { c.linux_.memory_policy = spec::MemoryPolicy{"MPOL_BIND", "1000", {}}; }),
      testing::StartsWith("linux.memoryPolicy: take memory by MPOL_BIND: set_mempolicy(MPOL_BIND, \"1000\"): "));
  EXPECT_THAT(line_of([](auto& c) { c.annotations["caisson.landlock.read"] = "/no/such/path"; }),
              HasSubstr("openat2(\"/no/such/path\"): No such file or directory; the annotations caisson.landlock"));
  EXPECT_THAT(difference(before, host_state()), IsEmpty());
}

// --- hooks ---------------------------------------------------------------------------------------------------------

class Hooks : public testing::Test {
 protected:
  // Appends "NAME STATUS hasPID mnt=… uts=… file=…" to the record: whose namespaces it runs in, and whose files it
  // sees.
  spec::Hook hook(const std::string& name, const std::string& directory, const std::string& more = "true") const {
    return {
        .path = "/bin/sh",
        .args = {
            "sh", "-c",
            "state=$(cat); status=${state#*status\\\":\\\"}; pid=none; case $state in *'\"pid\":'[1-9]*) pid=some;; "
            "esac; case $(hostname) in h) uts=container;; *) uts=host;; esac; "
            "echo \"" +
                name + " ${status%%\\\"*} $pid $uts\" >>" + directory + "/record; " + more}};
  }
  std::vector<std::string> record() const {
    const std::string text = kernel::read_file(rootfs + "/record").value_or("");
    std::vector<std::string> lines;
    for (const std::string_view line : split(text, '\n')) {
      if (!line.empty()) lines.emplace_back(line);
    }
    return lines;
  }
  void SetUp() override { ::unlink((rootfs + "/record").c_str()); }
};

TEST_F(Hooks, RunInTheirOrderAndNamespaces) {
  spec::Config config = config_of(config_text({}, "echo program >>/record"));
  config.root.readonly = false;
  config.hooks = {.prestart = {hook("prestart", rootfs)},
                  .create_runtime = {hook("createRuntime", rootfs)},
                  .create_container = {hook("createContainer", rootfs)},
                  .start_container = {hook("startContainer", "")},
                  .poststart = {hook("poststart", rootfs)},
                  .poststop = {hook("poststop", rootfs, "exit 3"), hook("poststop2", rootfs)}};
  const plan::Request request{.state = {.id = "one", .bundle = "/bundle"}};
  const runtime::Launched container = launch(config, request);
  ASSERT_GT(container.pid, 0);
  EXPECT_TRUE(kernel::wait_for(container.pid));
  const HostFacts facts = host::probe();
  EXPECT_TRUE(runtime::run_poststart_hooks(config, container.pid, facts, request));
  EXPECT_THAT(runtime::run_poststop_hooks(config, facts, request),
              ElementsAre(HasSubstr("hooks.poststop[0]: error running poststop hook #0: ")));
  EXPECT_TRUE(cgroup::kill_and_remove(cgroups()));
  EXPECT_THAT(record(),
              ElementsAre("prestart creating some host", "createRuntime creating some host",
                          "createContainer creating some container", "startContainer created some container", "program",
                          "poststart running some host", "poststop stopped none host", "poststop2 stopped none host"));
}

TEST_F(Hooks, OneThatFailsFailsTheStartAndLeavesNothing) {
  const std::set<std::string> before = host_state();
  for (const spec::HookList& kind : spec::kHookLists) {
    if (std::string_view(kind.name).starts_with("post")) continue;
    spec::Config config = config_of(config_text({}, "echo program >>/record"));
    config.hooks.*kind.list = {{.path = "/bin/sh", .args = {"sh", "-c", "exit 5"}}};
    const HostFacts facts = host::probe();
    const Result<plan::Plan> plan = plan::plan_container(config, facts, {.state = {.id = "one", .bundle = "/bundle"}});
    ASSERT_TRUE(plan);
    {
      const Null null;
      const auto launched = runtime::launch(*plan, {null.file.get(), null.file.get(), null.file.get()}, facts);
      ASSERT_FALSE(launched);
      EXPECT_EQ(
          launched.error().line,
          fmt::format("hooks.{0}[0]: error running {0} hook #0: /bin/sh: it ended with exit status 5", kind.name));
      EXPECT_EQ(launched.error().exit_status, 125);
    }
    EXPECT_THAT(difference(before, host_state()), IsEmpty());
  }
  EXPECT_THAT(record(), IsEmpty());
}

}  // namespace
}  // namespace caisson

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2) return 125;
  caisson::rootfs = argv[1];
  return RUN_ALL_TESTS();
}
