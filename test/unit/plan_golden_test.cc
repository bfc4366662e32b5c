#include <cstdlib>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "explain/listing.h"
#include "explain/names.h"
#include "plan_fixture.h"
#include "spec/validate.h"

namespace caisson::plan {
namespace {

// Compares the plan's text with test/unit/golden/NAME.txt; with CAISSON_UPDATE_GOLDENS set, writes it there instead.
void expect_golden(const std::string& name, const Result<Plan>& plan) {
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_THAT(broken_rules(*plan), IsEmpty());
  const std::string path = std::string(TEST_GOLDENS) + "/" + name + ".txt";
  const std::string text = explain::as_text(*plan);
  if (std::getenv("CAISSON_UPDATE_GOLDENS") != nullptr) {
    std::ofstream(path) << text;
    return;
  }
  std::ifstream file(path);
  std::ostringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(text, expected.str()) << "if the new plan is right: CAISSON_UPDATE_GOLDENS=1 unit_plan";
}

TEST(Golden, RuncsDefault) {
  EXPECT_THAT(spec::validate(runc_default()).errors, IsEmpty());
  expect_golden("runc_default", plan_of(runc_default()));
}

TEST(Golden, Filter) {
  spec::Config config = runc_default();
  config.process.no_new_privileges = false;
  config.linux_.seccomp = spec::Seccomp{
      .default_action = spec::SeccompAction::kErrno,
      .listener_path = "/run/agent",
      .listener_metadata = "of \"it\"",
      .syscalls = {{{"read"}, spec::SeccompAction::kAllow, {}, {}}, {{"mkdir"}, spec::SeccompAction::kNotify, {}, {}}}};
  expect_golden("filter", plan_of(config));
}

TEST(Planning, RefusesAFilterThatCannotBe) {
  spec::Config config = runc_default();
  config.linux_.seccomp = spec::Seccomp{.architectures = {"SCMP_ARCH_PARISC"}};
  EXPECT_EQ(plan_of(config).error().text(),
            "linux.seccomp: the system calls of SCMP_ARCH_PARISC are not known to caisson");
}

template <class StepKind>
std::size_t place_in_child(const Plan& plan) {
  const std::vector<Step>& steps = plan.lane(Lane::kChild);
  const auto found = std::find_if(steps.rbegin(), steps.rend(),
                                  [](const Step& step) { return std::holds_alternative<StepKind>(step.action); });
  EXPECT_NE(found, steps.rend());
  return static_cast<std::size_t>(steps.rend() - found);
}

// Whoever creates the container hands the listener on; what needs privilege is before the filter where that can be.
TEST(Planning, LoadsAFilterThatNotifiesBeforeTheWaitToBeStarted) {
  spec::Config config = runc_default();
  config.linux_.seccomp =
      spec::Seccomp{.listener_path = "/a", .syscalls = {{{"mkdir"}, spec::SeccompAction::kNotify, {}, {}}}};
  for (const bool no_new_privileges : {false, true}) {
    config.process.no_new_privileges = no_new_privileges;
    const auto plan = plan_container(config, facts_of(CgroupMode::kHybrid), {.wait_for_start = true});
    ASSERT_TRUE(plan) << plan.error().text();
    EXPECT_THAT(broken_rules(*plan), IsEmpty());
    EXPECT_LT(place_in_child<LoadFilter>(*plan), place_in_child<Signal>(*plan));
    EXPECT_LT(place_in_child<Signal>(*plan), place_in_child<AwaitStart>(*plan));
    EXPECT_EQ(place_in_child<SetIds>(*plan) < place_in_child<LoadFilter>(*plan), no_new_privileges);
  }
}

TEST(Golden, NoCgroup) {
  spec::Config config = smallest();
  config.mounts = {{"/proc", "proc", "proc", {}}};
  expect_golden("no_cgroup", plan_of(config, CgroupMode::kNone));
}

TEST(Golden, Terminal) {
  spec::Config config = smallest();
  config.mounts = {{"/dev/pts", "devpts", "devpts", {"newinstance", "ptmxmode=0666"}}};
  config.process.terminal = true;
  config.process.console_size = spec::ConsoleSize{.height = 24, .width = 80};
  config.process.user.uid = 1000;
  expect_golden("terminal", plan_of(config));
}

TEST(Golden, UserNamespace) {
  spec::Config config = smallest();
  add_user_namespace(config);
  config.mounts = {{"/sys", "sysfs", "sysfs", {"nosuid", "ro"}}};
  config.linux_.cgroups_path = "/caisson/box";
  expect_golden("user_namespace", plan_of(config));
}

spec::Config with_overlay(std::vector<std::string> more) {
  spec::Config config = smallest();
  add_user_namespace(config);
  config.mounts = {
      {"/", "overlay", "overlay", {"lowerdir=/layers/a\\:b:/layers/1", "upperdir=/box/upper", "workdir=/box/work"}}};
  config.mounts[0].options.insert(config.mounts[0].options.end(), more.begin(), more.end());
  return config;
}

// The limits that a lane's steps set, and whether on another process: "child 7:100 parent 1:200".
std::string limits_of(const Plan& plan) {
  std::string text;
  for (const Lane lane : {Lane::kParent, Lane::kChild}) {
    for (const Step& step : plan.lane(lane)) {
      const auto* set = std::get_if<SetAttribute>(&step.action);
      if (set == nullptr || set->attribute != Attribute::kLimit) continue;
      text += fmt::format("{}{} {}:{}", text.empty() ? "" : ", ", set->pid == kNoSlot ? "itself" : "another",
                          explain::limit_name(set->which), set->second);
    }
  }
  return text;
}

TEST(UserNamespace, HardLimitsAboveTheHostsAreRaisedByTheParentThatMay) {
  HostFacts facts = facts_of(CgroupMode::kHybrid);
  facts.limits = {{"RLIMIT_NOFILE", {.soft = 1024, .hard = 4096}}, {"RLIMIT_CORE", {.soft = 0, .hard = 4096}}};
  spec::Config config = smallest();
  config.process.rlimits = {{"RLIMIT_NOFILE", 5000, 5000}, {"RLIMIT_CORE", 10, 10}};
  EXPECT_EQ(limits_of(*plan_container(config, facts, {})), "itself RLIMIT_NOFILE:5000, itself RLIMIT_CORE:10");
  add_user_namespace(config);
  EXPECT_EQ(limits_of(*plan_container(config, facts, {})), "another RLIMIT_NOFILE:5000, itself RLIMIT_CORE:10");
  const Target target{.namespaces = {NamespaceType::kUser}};
  EXPECT_EQ(limits_of(*plan_process(config.process, target, facts, {})),
            "another RLIMIT_NOFILE:5000, itself RLIMIT_CORE:10");
  facts.effective_capabilities = 0;
  facts.effective_uid = 1000;
  EXPECT_EQ(limits_of(*plan_process(config.process, target, facts, {})),
            "itself RLIMIT_NOFILE:5000, itself RLIMIT_CORE:10");
}

TEST(Golden, UserNamespaceOverIdmappedLayers) {
  spec::Config config = with_overlay({"idmap", "volatile"});
  config.mounts.push_back({"/etc/hosts", "bind", "/box/hosts", {"bind", "idmap"}});
  expect_golden("user_namespace_idmapped", plan_of(config, CgroupMode::kNone));
}

TEST(Golden, OrdinaryUser) {
  spec::Config config = with_overlay({});
  config.linux_.namespaces.push_back({NamespaceType::kNetwork, ""});
  expect_golden("ordinary_user", plan_container(config, ordinary_user(), {}));
}

TEST(Golden, OrdinaryUserWithOneId) {
  spec::Config config = smallest();
  config.linux_.namespaces.push_back({NamespaceType::kUser, ""});
  config.linux_.uid_mappings = config.linux_.gid_mappings = {{.container_id = 7, .host_id = 1000, .size = 1}};
  config.process.user.uid = config.process.user.gid = 7;
  expect_golden("ordinary_user_with_one_id", plan_container(config, ordinary_user(), {}));
}

TEST(OrdinaryUser, NeedsTheProgramsThatMapIds) {
  HostFacts facts = ordinary_user();
  facts.newgidmap.clear();
  const auto plan = plan_container(with_overlay({}), facts, {});
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().text(), testing::HasSubstr("there is no newgidmap"));
  EXPECT_THAT(plan.error().hint, testing::HasSubstr("apt install uidmap"));
}

TEST(UserNamespace, RefusesWhatItsOverlayCannotBe) {
  for (const char* option : {"index=on", "upperdir=/elsewhere/upper"}) {
    EXPECT_FALSE(plan_of(with_overlay({option}), CgroupMode::kNone)) << option;
  }
  spec::Config config = smallest();
  config.mounts = {{"/x", "bind", "/y", {"bind", "idmap"}}};
  EXPECT_FALSE(plan_of(config)) << "there is no user namespace";
}

TEST(Golden, JoinedNetworkAndPid) {
  spec::Config config = smallest();
  join(config, NamespaceType::kNetwork, "/proc/42/ns/net");
  join(config, NamespaceType::kPid, "/proc/42/ns/pid");
  expect_golden("joined_network_and_pid", plan_of(config));
}

TEST(Golden, JoinedUserNamespace) {
  spec::Config config = smallest();
  join(config, NamespaceType::kUser, "/proc/42/ns/user");
  join(config, NamespaceType::kNetwork, "/proc/42/ns/net");
  expect_golden("joined_user_namespace", plan_of(config));
}

TEST(Golden, OverlayRoot) {
  spec::Config config = smallest();
  config.mounts = {
      {"/", "overlay", "overlay", {"lowerdir=/layers/2:/layers/1", "upperdir=/box/upper", "workdir=/box/work"}},
      {"/data", "bind", "/srv/data", {"rbind", "ro", "rprivate"}}};
  expect_golden("overlay_root",
                plan_of(config, CgroupMode::kHybrid, {.origins = {{"mounts[1]", "-v /srv/data:/data:ro"}}}));
}

TEST(Golden, CgroupV2) {
  spec::Config config = smallest();
  config.linux_.namespaces.push_back({NamespaceType::kCgroup, ""});
  config.mounts = {{"/sys/fs/cgroup", "cgroup", "cgroup", {"ro"}}};
  config.linux_.cgroups_path = "/caisson/box";
  config.linux_.resources.memory = {.limit = 100 << 20, .swap = 100 << 20};
  config.linux_.resources.devices = {{.access = "rwm"}};
  expect_golden("cgroup_v2", plan_of(config, CgroupMode::kV2));
}

HostFacts with_systemd(CgroupMode mode) {
  HostFacts facts = facts_of(mode);
  facts.systemd = Systemd{.version = 252};
  return facts;
}

const Request kSystemdRequest = {.state = {.id = "box"}, .systemd_program = "/usr/libexec/caisson/systemd"};

spec::Config in_a_scope() {
  spec::Config config = smallest();
  config.linux_.namespaces.push_back({NamespaceType::kCgroup, ""});
  config.mounts = {{"/sys/fs/cgroup", "cgroup", "cgroup", {"ro"}}};
  config.linux_.cgroups_path = "machine.slice:libpod:box";
  config.linux_.resources.memory = {.limit = 100 << 20};
  config.linux_.resources.devices = {{.access = "rwm"}};
  config.annotations["org.systemd.property.CollectMode"] = "'inactive-or-failed'";
  return config;
}

TEST(Golden, Scope) {
  expect_golden("scope", plan_container(in_a_scope(), with_systemd(CgroupMode::kV2), kSystemdRequest));
}

TEST(Golden, ScopeOnV1) {
  expect_golden("scope_on_v1", plan_container(in_a_scope(), with_systemd(CgroupMode::kV1), kSystemdRequest));
}

TEST(Golden, ScopeInTheHostsNamespaceOfAUser) {
  spec::Config config = in_a_scope();
  std::erase_if(config.linux_.namespaces, [](const auto& n) { return n.type == NamespaceType::kCgroup; });
  add_user_namespace(config);
  expect_golden("scope_in_user_namespace", plan_container(config, with_systemd(CgroupMode::kV2), kSystemdRequest));
}

TEST(Scope, WhatIsWrongIsToldWithTheItem) {
  spec::Config config = in_a_scope();
  config.linux_.cgroups_path = "/caisson/box";
  const auto path = plan_container(config, with_systemd(CgroupMode::kV2), kSystemdRequest);
  ASSERT_FALSE(path);
  EXPECT_THAT(path.error().text(), testing::StartsWith("linux.cgroupsPath: systemd's cgroups are named"));
  config = in_a_scope();
  config.annotations["org.systemd.property.CollectMode"] = "inactive";
  const auto annotation = plan_container(config, with_systemd(CgroupMode::kV2), kSystemdRequest);
  ASSERT_FALSE(annotation);
  EXPECT_THAT(annotation.error().text(), testing::StartsWith("annotations.org.systemd.property.CollectMode: "));
}

const GiveCgroup* gift(const Plan& plan) {
  for (const Step& step : plan.lane(Lane::kParent)) {
    if (const auto* give = std::get_if<GiveCgroup>(&step.action)) return give;
  }
  return nullptr;
}

TEST(CgroupV2, IsGivenToWhoRunsTheProgramWhereItMayBeWritten) {
  spec::Config config = smallest();
  config.linux_.namespaces.push_back({NamespaceType::kCgroup, ""});
  config.linux_.namespaces.push_back({NamespaceType::kUser, ""});
  config.linux_.uid_mappings = config.linux_.gid_mappings = {{0, 100'000, 1'000}, {1'000, 500'000, 10}};
  config.process.user.uid = 1'001;
  config.mounts = {{"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid"}}};
  config.linux_.cgroups_path = "/caisson/box";
  const Plan plan = plan_of(config, CgroupMode::kV2).value();
  ASSERT_NE(gift(plan), nullptr);
  EXPECT_EQ(gift(plan)->owner, 500'001U);
  EXPECT_EQ(plan.view(plan.texts(gift(plan)->files)[1]), "cgroup.threads");
  EXPECT_EQ(gift(plan_of(config, CgroupMode::kV1).value()), nullptr);

  spec::Config read_only = config;
  read_only.mounts[0].options = {"ro"};
  EXPECT_EQ(gift(plan_of(read_only, CgroupMode::kV2).value()), nullptr);
  spec::Config of_the_host = config;
  std::erase_if(of_the_host.linux_.namespaces, [](const auto& n) { return n.type == NamespaceType::kCgroup; });
  EXPECT_EQ(gift(plan_of(of_the_host, CgroupMode::kV2).value()), nullptr);
}

TEST(CgroupPlace, IsTheRequestsWhereItSays) {
  spec::Config config = smallest();
  const HostFacts facts = facts_of(CgroupMode::kV2);
  const Plan plan = plan_container(config, facts, {.cgroup_paths = std::vector<std::string>{"/a/b"}}).value();
  EXPECT_THAT(cgroup_directories(plan), ElementsAre("/sys/fs/cgroup/a/b"));
}

// A mount of cgroup2 made in the host's cgroup namespace changes the options of the host's.
TEST(CgroupV2, InTheHostsNamespaceIsBoundNotMounted) {
  spec::Config config = smallest();
  config.mounts = {{"/sys/fs/cgroup", "cgroup", "cgroup", {"ro", "nosuid"}}};
  config.linux_.cgroups_path = "/caisson/box";
  const Plan plan = plan_of(config, CgroupMode::kV2).value();
  const auto& steps = plan.lane(Lane::kChild);
  const auto found = std::find_if(steps.begin(), steps.end(), [&](const Step& step) {
    const auto* mount = std::get_if<Mount>(&step.action);
    return mount != nullptr && plan.view(mount->target) == "/sys/fs/cgroup";
  });
  ASSERT_NE(found, steps.end());
  EXPECT_NE(std::get<Mount>(found->action).tree, kNoSlot);
  EXPECT_EQ(plan.view(std::get<Mount>(found->action).type), "");
}

TEST(Golden, CgroupNamespaceOnV1) {
  spec::Config config = smallest();
  config.linux_.namespaces.push_back({NamespaceType::kCgroup, ""});
  config.mounts = {{"/sys/fs/cgroup", "cgroup", "cgroup", {"ro"}}};
  config.linux_.cgroups_path = "/caisson/box";
  config.linux_.resources.memory = {.limit = 100 << 20, .swap = 100 << 20};
  expect_golden("cgroup_namespace_on_v1", plan_of(config, CgroupMode::kV1));
}

TEST(Golden, ReadOnlyTmpfs) {
  spec::Config config = smallest();
  config.root.readonly = true;
  config.mounts = {{"/run", "tmpfs", "tmpfs", {"ro", "nosuid", "size=1m"}},
                   {"/run/data/", "bind", "/srv/data", {"bind", "rro"}}};
  expect_golden("read_only_tmpfs", plan_of(config));
}

TEST(Golden, MaskedPaths) {
  spec::Config config = smallest();
  config.linux_.masked_paths = {"/proc/kcore", "/sys/firmware"};
  config.linux_.readonly_paths = {"/proc/sys/"};
  config.linux_.sysctl = {{"net.ipv4.conf.eth0/1.forwarding", "1"}, {"net.ipv4.ip_forward", "1"}};
  config.process.oom_score_adj = 500;
  config.linux_.namespaces.push_back({NamespaceType::kNetwork, ""});
  expect_golden("masked_paths", plan_of(config));
}

TEST(Golden, DevicesBound) {
  spec::Config config = smallest();
  config.linux_.devices = {{.path = "/dev/fuse", .type = 'c', .major = 10, .minor = 229}};
  HostFacts facts = facts_of(CgroupMode::kHybrid);
  facts.effective_capabilities = 0;
  expect_golden("devices_bound", plan_container(config, facts, {}));
}

TEST(Golden, Exec) {
  const spec::Process process{.user = {.uid = 1000, .gid = 1000}, .args = {"ps", "-ef"}, .env = {"PATH=/usr/bin:/bin"}};
  const Target target{.namespaces = {NamespaceType::kMount, NamespaceType::kPid, NamespaceType::kNetwork},
                      .cgroup_directories = {"/sys/fs/cgroup/memory/caisson/box", "/sys/fs/cgroup/pids/caisson/box"}};
  expect_golden("exec", plan_process(process, target, facts_of(CgroupMode::kHybrid), {.death_signal = 9}));
}

TEST(Golden, EnterWithRoot) {
  const Target target{.namespaces = {NamespaceType::kNetwork}, .root = "/proc/42/root"};
  expect_golden("enter_with_root", plan_process({.args = {"/bin/sh"}}, target, facts_of(CgroupMode::kHybrid), {}));
}

TEST(Golden, CreatedAndStartedLater) {
  expect_golden("wait_for_start", plan_of(smallest(), CgroupMode::kNone, {.wait_for_start = true, .preserve_fds = 2}));
}

TEST(Golden, ResctrlAndNetworkDevices) {
  spec::Config config = smallest();
  config.linux_.namespaces.push_back({NamespaceType::kNetwork, ""});
  config.linux_.net_devices = {{"eth7", {"eth%d"}}};
  config.linux_.intel_rdt = {
      .l3_cache_schema = "L3:0=f\nMB:0=50", .mem_bw_schema = "MB:0=20", .enable_monitoring = true};
  HostFacts facts = facts_of(CgroupMode::kNone);
  facts.resctrl = "/sys/fs/resctrl";
  expect_golden("resctrl", plan_container(config, facts, {.state = {.id = "box"}}));
}

}  // namespace
}  // namespace caisson::plan
