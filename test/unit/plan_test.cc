#include <linux/mount.h>
#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "explain/listing.h"
#include "explain/names.h"
#include "explain/words.h"
#include "generated_config.h"
#include "plan/build.h"
#include "plan/builder.h"
#include "plan/check.h"
#include "plan/mount_options.h"
#include "plan/mount_owners.h"
#include "plan/resctrl.h"
#include "plan/schemata.h"
#include "spec/capability.h"
#include "spec/validate.h"

namespace caisson::plan {
namespace {

using spec::NamespaceType;
using testing::ElementsAre;
using testing::IsEmpty;

// --- configurations --------------------------------------------------------------------------------------------------

// What `runc spec` prints (runc 1.1.5), in a cgroup of its own.
spec::Config runc_default() {
  const std::uint64_t mask = spec::capability_bit(*spec::capability_number("AUDIT_WRITE")) |
                             spec::capability_bit(*spec::capability_number("KILL")) |
                             spec::capability_bit(*spec::capability_number("NET_BIND_SERVICE"));
  spec::Config config{
      .oci_version = "1.0.2-dev",
      .root = {.path = "/bundle/rootfs", .readonly = true},
      .mounts =
          {{"/proc", "proc", "proc", {}},
           {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
           {"/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
           {"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
           {"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
           {"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
           {"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}}},
      .process = {.terminal = true,
                  .args = {"sh"},
                  .env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"},
                  .capabilities =
                      spec::Capabilities{.bounding = mask, .effective = mask, .permitted = mask, .ambient = mask},
                  .rlimits = {{"RLIMIT_NOFILE", 1024, 1024}},
                  .no_new_privileges = true},
      .hostname = "runc"};
  for (const NamespaceType type : {NamespaceType::kPid, NamespaceType::kNetwork, NamespaceType::kIpc,
                                   NamespaceType::kUts, NamespaceType::kMount}) {
    config.linux_.namespaces.push_back({type, ""});
  }
  config.linux_.cgroups_path = "/caisson/box";
  config.linux_.resources.devices = {{.allow = false, .access = "rwm"}};
  config.linux_.masked_paths = {"/proc/acpi",          "/proc/asound",     "/proc/kcore",       "/proc/keys",
                                "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
                                "/sys/firmware",       "/proc/scsi"};
  config.linux_.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  return config;
}

// A mount namespace, a root filesystem and a program: what the others add to.
spec::Config smallest() {
  return {.root = {.path = "/srv/rootfs"},
          .process = {.args = {"/bin/true"}},
          .linux_ = {.namespaces = {{NamespaceType::kMount, ""}}}};
}

void join(spec::Config& config, NamespaceType type, std::string path) {
  std::erase_if(config.linux_.namespaces, [&](const spec::Namespace& n) { return n.type == type; });
  config.linux_.namespaces.push_back({type, std::move(path)});
}

void add_user_namespace(spec::Config& config) {
  config.linux_.namespaces.push_back({NamespaceType::kUser, ""});
  config.linux_.uid_mappings = config.linux_.gid_mappings = {{.container_id = 0, .host_id = 100'000, .size = 65'536}};
}

Result<Plan> plan_of(const spec::Config& config, CgroupMode mode = CgroupMode::kHybrid, const Request& request = {}) {
  return plan_container(config, facts_of(mode), request);
}

// --- goldens ---------------------------------------------------------------------------------------------------------

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
  const auto found = std::find_if(steps.rbegin(), steps.rend(), [](const Step& step) {
    return std::holds_alternative<StepKind>(step.action);
  });
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

HostFacts ordinary_user() {
  HostFacts facts = facts_of(CgroupMode::kNone);
  facts.effective_uid = facts.effective_gid = 1000;
  facts.effective_capabilities = 0;
  facts.newuidmap = "/usr/bin/newuidmap";
  facts.newgidmap = "/usr/bin/newgidmap";
  return facts;
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

// --- single decisions ------------------------------------------------------------------------------------------------

template <class A>
std::vector<A> all(const Plan& plan, Lane lane) {
  std::vector<A> found;
  for (const Step& step : plan.lane(lane)) {
    if (const A* action = std::get_if<A>(&step.action)) found.push_back(*action);
  }
  return found;
}

TEST(FewMounts, AreWhereAContainerIsBornThatNamesNoPathOfTheHost) {
  const Request request{.few_mounts = true};
  const auto is_born_there = [](const Result<Plan>& plan) { return plan->find_slot(kSlotFewMounts) != kNoSlot; };
  const spec::Config config = smallest();
  ASSERT_TRUE(is_born_there(plan_of(config, CgroupMode::kHybrid, request)));
  const auto plan = plan_of(config, CgroupMode::kHybrid, request);
  EXPECT_NE(all<Spawn>(*plan, Lane::kParent).back().mounts, kNoSlot);
  EXPECT_EQ(plan->view(all<MountRoot>(*plan, Lane::kChild).front().at), "/");
  EXPECT_THAT(broken_rules(*plan), IsEmpty());
  EXPECT_FALSE(is_born_there(plan_of(config)));
  EXPECT_FALSE(is_born_there(plan_container(config, ordinary_user(), request)));
  HostFacts without_chroot = facts_of(CgroupMode::kHybrid);
  without_chroot.effective_capabilities &= ~(std::uint64_t{1} << 18);
  EXPECT_FALSE(is_born_there(plan_container(config, without_chroot, request)));

  spec::Config mounted = config;
  mounted.mounts = {{"/tmp", "overlay", "overlay", {"lowerdir=/a:/b"}}};
  EXPECT_FALSE(is_born_there(plan_of(mounted, CgroupMode::kHybrid, request)));
  mounted.mounts = {{"/tmp", "none", "/a", {"rbind"}}, {"/proc", "proc", "proc", {}}};
  EXPECT_TRUE(is_born_there(plan_of(mounted, CgroupMode::kHybrid, request)));

  for (auto hooks : {&spec::Hooks::prestart, &spec::Hooks::create_runtime, &spec::Hooks::create_container}) {
    spec::Config hooked = config;
    hooked.hooks.*hooks = {{.path = "/bin/true"}};
    EXPECT_FALSE(is_born_there(plan_of(hooked, CgroupMode::kHybrid, request)));
  }
  spec::Config hooked = config;
  hooked.hooks.start_container = {{.path = "/bin/true"}};
  EXPECT_TRUE(is_born_there(plan_of(hooked, CgroupMode::kHybrid, request)));
}

TEST(FewMounts, AreTheLaunchersWhereOneGoesBetween) {
  spec::Config config = smallest();
  config.linux_.namespaces.push_back({NamespaceType::kPid, "/proc/42/ns/pid"});
  const auto plan = plan_of(config, CgroupMode::kHybrid, {.few_mounts = true});
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_NE(all<Spawn>(*plan, Lane::kParent).front().mounts, kNoSlot);
  EXPECT_EQ(all<Spawn>(*plan, Lane::kLauncher).front().mounts, kNoSlot);
}

TEST(Devices, TheConfigsOwnTakesTheStandardOnesPlace) {
  spec::Config config = smallest();
  config.linux_.devices = {{.path = "/dev/null", .type = 'c', .major = 1, .minor = 3, .file_mode = 0600}};
  const auto plan = plan_of(config);
  std::vector<std::uint32_t> modes;
  for (const MakeDevice& device : all<MakeDevice>(*plan, Lane::kChild)) {
    if (plan->view(device.path) == "/dev/null") modes.push_back(device.mode & 07777);
  }
  EXPECT_THAT(modes, ElementsAre(0600));
}

TEST(Devices, AreLeftToABoundDev) {
  spec::Config config = smallest();
  config.mounts = {{"/dev/", "none", "/dev", {"rbind"}}};
  const auto plan = plan_of(config);
  EXPECT_THAT(all<MakeDevice>(*plan, Lane::kChild), IsEmpty());
  EXPECT_THAT(all<MakeLink>(*plan, Lane::kChild), IsEmpty());
}

struct CandidateCase {
  const char* command;
  std::vector<std::string> environment;
  std::vector<std::string> candidates;
};

TEST(Command, IsLookedForAlongItsOwnPath) {
  const CandidateCase cases[] = {
      {"sh", {"PATH=/a:/b"}, {"/a/sh", "/b/sh"}},
      {"sh", {"PATH=/a::b"}, {"/a/sh", "./sh", "b/sh"}},
      {"sh", {"PATH=/a", "PATH=/b"}, {"/b/sh"}},
      {"./sh", {"PATH=/a"}, {"./sh"}},
      {"/bin/sh", {}, {"/bin/sh"}},
      {"sh", {}, {"/usr/local/sbin/sh", "/usr/local/bin/sh", "/usr/sbin/sh", "/usr/bin/sh", "/sbin/sh", "/bin/sh"}},
  };
  for (const CandidateCase& row : cases) {
    const auto plan = plan_process({.args = {row.command}, .env = row.environment}, {}, {}, {});
    std::vector<std::string> found;
    for (const Text text : plan->texts(all<Exec>(*plan, Lane::kChild)[0].candidates))
      found.emplace_back(plan->view(text));
    EXPECT_EQ(found, row.candidates) << row.command;
  }
}

std::vector<std::string> environment_of(const Result<Plan>& plan) {
  std::vector<std::string> variables;
  for (const Text text : plan->texts(all<Exec>(*plan, Lane::kChild)[0].environment))
    variables.emplace_back(plan->view(text));
  return variables;
}

TEST(Environment, HasTheLastOfEachVariableAndAHome) {
  const auto of = [](std::vector<std::string> variables) {
    return plan_process({.user = {.uid = 7}, .args = {"sh"}, .env = std::move(variables)}, {}, {}, {});
  };
  EXPECT_THAT(environment_of(of({"A=1", "HOME=/h", "B=2", "A=3"})), ElementsAre("HOME=/h", "B=2", "A=3"));
  EXPECT_THAT(all<FindHome>(*of({"HOME=/h"}), Lane::kChild), IsEmpty());
  EXPECT_THAT(environment_of(of({"HOME=/h", "HOME=", "A=1"})), ElementsAre("HOME=/h", "A=1"));
  for (const auto& variables : {std::vector<std::string>{"A=1"}, {"HOME=", "A=1"}}) {
    const auto plan = of(variables);
    EXPECT_THAT(environment_of(plan), ElementsAre("A=1", "HOME="));
    const std::vector<FindHome> found = all<FindHome>(*plan, Lane::kChild);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].uid, 7U);
    EXPECT_EQ(found[0].variable, 1);
  }
}

TEST(Capabilities, ThatCannotBeGrantedAreLeftOutWithAWarning) {
  spec::Config config = smallest();
  config.process.capabilities = spec::Capabilities{.bounding = 7, .effective = 3, .permitted = 3};
  HostFacts facts = facts_of(CgroupMode::kNone);
  facts.bounding_capabilities = 1;
  const auto plan = plan_container(config, facts, {});
  ASSERT_TRUE(plan);
  const SetIds ids = all<SetIds>(*plan, Lane::kChild).back();
  EXPECT_EQ(ids.bounding, 1U);
  EXPECT_EQ(ids.effective, 1U);
  EXPECT_EQ(ids.permitted, 1U);
  EXPECT_THAT(plan->warnings(),
              ElementsAre("process.capabilities: CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: left out, for whoever starts the "
                          "container does not have it to give"));
  // In a user namespace of its own the process has them all, there.
  add_user_namespace(config);
  const auto own = plan_container(config, facts, {});
  EXPECT_EQ(all<SetIds>(*own, Lane::kChild).back().bounding, 7U);
  EXPECT_THAT(own->warnings(), IsEmpty());
}

TEST(Groups, OfTheCallerAreKeptWhereItIsAskedFor) {
  spec::Config config = smallest();
  config.process.user.additional_gids = {5};
  EXPECT_TRUE(all<SetIds>(*plan_of(config), Lane::kChild).back().set_groups);
  config.annotations["run.oci.keep_original_groups"] = "1";
  EXPECT_FALSE(all<SetIds>(*plan_of(config), Lane::kChild).back().set_groups);
  EXPECT_TRUE(keeps_groups(config));
}

TEST(Groups, AreRefusedWhereTheyCannotBe) {
  spec::Config config = smallest();
  config.linux_.namespaces.push_back({NamespaceType::kUser, ""});
  config.linux_.uid_mappings = config.linux_.gid_mappings = {{.container_id = 0, .host_id = 1000, .size = 1}};
  config.process.user.additional_gids = {0};
  HostFacts facts = facts_of(CgroupMode::kNone);
  facts.effective_uid = facts.effective_gid = 1000;
  EXPECT_EQ(plan_container(config, facts, {.refuses_lost_groups = true}).error().text(),
            "process.user.additionalGids: cannot set any additional groups in a rootless container");
  const auto exec = plan_process({.user = {.additional_gids = {5}}, .args = {"sh"}}, {}, facts, {.set_groups = false});
  EXPECT_THAT(exec->warnings(), ElementsAre(testing::StartsWith("process.user.additionalGids: left out")));
}

std::vector<std::string> words_of(const Plan& plan, Lane lane) {
  std::vector<std::string> words;
  for (const Step& step : plan.lane(lane)) words.push_back(explain::describe(plan, step));
  return words;
}

TEST(Affinity, OfAFurtherProcessIsSetBeforeAndAfterItsCgroup) {
  spec::Process process{.args = {"sh"}, .exec_cpu_affinity = spec::CpuAffinity{"0-1", "1"}};
  const Target target{.cgroup_directories = {"/sys/fs/cgroup/memory/box"}};
  const auto steps = [&] {
    std::vector<std::string> words = words_of(*plan_process(process, target, facts_of(CgroupMode::kV1), {}), Lane::kChild);
    std::erase_if(words, [](const std::string& w) { return !w.starts_with("run on") && !w.starts_with("join the cgroup"); });
    return words;
  };
  const std::string joined = "join the cgroup /sys/fs/cgroup/memory/box/tasks";
  EXPECT_THAT(steps(), ElementsAre("run on the processors 0-1", joined, "run on the processors 1"));
  process.exec_cpu_affinity->final_.clear();
  EXPECT_THAT(steps(), ElementsAre("run on the processors 0-1", joined));
  process.exec_cpu_affinity.reset();
  EXPECT_THAT(steps(), ElementsAre(joined, "run on every processor that the cgroup has"));
}

TEST(Labels, AreWrittenThroughTheHostsProcfs) {
  HostFacts facts = facts_of(CgroupMode::kNone);
  spec::Config config = smallest();
  config.process.apparmor_profile = "unconfined";
  EXPECT_THAT(all<SetLabel>(*plan_container(config, facts, {}), Lane::kChild), IsEmpty()) << "there is no AppArmor";
  facts.apparmor = true;
  EXPECT_EQ(all<SetLabel>(*plan_container(config, facts, {}), Lane::kChild).size(), 1U);
  config.process.apparmor_profile.clear();
  config.process.selinux_label = "a:b:c";
  facts.selinux = true;
  const auto plan = plan_container(config, facts, {.state = {.id = "box"}});
  const std::vector<SetLabel> labels = all<SetLabel>(*plan, Lane::kChild);
  ASSERT_EQ(labels.size(), 2U);
  EXPECT_EQ(labels[0].label, Label::kSelinuxKeys);
  EXPECT_EQ(labels[1].label, Label::kSelinux);
  EXPECT_EQ(plan->view(labels[1].value), "a:b:c");
  const OpenFile procfs = all<OpenFile>(*plan, Lane::kParent)[0];
  EXPECT_EQ(plan->view(procfs.path), "/proc");
  EXPECT_EQ(labels[1].procfs, procfs.slot);
}

TEST(Bounds, OfAContainerAreThoseOfItsFurtherProcesses) {
  spec::Config config = smallest();
  config.linux_.personality = spec::Personality{"LINUX32", {}};
  config.linux_.memory_policy = spec::MemoryPolicy{"MPOL_BIND", "0", {}};
  config.annotations = {{"caisson.landlock.read", "/etc"}, {"caisson.landlock.write", "/etc:/tmp"}};
  config.process.oom_score_adj = 5;
  Target target{.namespaces = {NamespaceType::kMount}};
  inherit(config, target);
  const auto first = plan_of(config);
  const auto further = plan_process(config.process, target, facts_of(CgroupMode::kHybrid), {});
  for (const Result<Plan>* plan : {&first, &further}) {
    const std::vector<std::string> words = words_of(**plan, Lane::kChild);
    for (const char* expected : {"take the personality LINUX32", "take memory by MPOL_BIND (nodes 0)",
                                 "restrict the files within reach to /etc: read, write; /tmp: write"})
      EXPECT_THAT(words, testing::Contains(expected));
  }
  EXPECT_THAT(words_of(*first, Lane::kChild), testing::Contains("write \"5\" to /proc/self/oom_score_adj"));
  EXPECT_THAT(words_of(*further, Lane::kLauncher), testing::Contains("write \"5\" to /proc/self/oom_score_adj"));
}

TEST(TimeNamespaces, HaveTheirClocksSetBeforeTheyAreEntered) {
  spec::Config config = smallest();
  config.linux_.namespaces.push_back({NamespaceType::kTime, ""});
  config.linux_.time_offsets = {{"monotonic", {86'400, 0}}, {"boottime", {-1, 5}}};
  const auto plan = plan_of(config);
  const auto made = all<MakeTimeNamespace>(*plan, Lane::kChild);
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(plan->view(made[0].offsets), "boottime -1 5\nmonotonic 86400 0\n");
  EXPECT_EQ(all<Spawn>(*plan, Lane::kParent)[0].flags & 0x80, 0U);
}

TEST(Keyring, IsNamedAfterTheContainer) {
  const auto name = [](const Result<Plan>& plan) {
    for (const SetAttribute& a : all<SetAttribute>(*plan, Lane::kChild)) {
      if (a.attribute == Attribute::kKeyring) return std::string(plan->view(a.name));
    }
    return std::string("none");
  };
  EXPECT_EQ(name(plan_of(smallest())), "");
  EXPECT_EQ(name(plan_of(smallest(), CgroupMode::kNone, {.state = {.id = "box"}})), "_ses.box");
  EXPECT_EQ(name(plan_of(smallest(), CgroupMode::kNone, {.new_keyring = false, .state = {.id = "box"}})), "none");
  EXPECT_EQ(name(plan_process({.args = {"sh"}}, {}, {}, {.state = {.id = "box", .pid = 5}})), "_ses.box");
  EXPECT_EQ(name(plan_process({.args = {"sh"}}, {}, {}, {})), "none");
}

// --- errors ----------------------------------------------------------------------------------------------------------

struct ErrorCase {
  const char* name;
  std::function<void(spec::Config&)> change;
  const char* text;
};
void PrintTo(const ErrorCase& row, std::ostream* out) { *out << row.name; }

class PlanError : public testing::TestWithParam<ErrorCase> {};
TEST_P(PlanError, NamesTheItem) {
  spec::Config config = smallest();
  GetParam().change(config);
  const auto plan = plan_of(config, CgroupMode::kHybrid, {.origins = {{"mounts[1]", "--tmpfs /run"}}});
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().text(), GetParam().text);
}
INSTANTIATE_TEST_SUITE_P(
    Table, PlanError,
    testing::Values(
        ErrorCase{"copy_up", [](auto& c) { c.mounts = {{"/proc", "proc", "proc", {"tmpcopyup"}}}; },
                  "mounts[0]: tmpcopyup is for tmpfs mounts"},
        ErrorCase{"what_the_user_typed",
                  [](auto& c) { c.mounts = {{"/a", "tmpfs", "", {}}, {"/run", "bind", "/r", {"tmpcopyup"}}}; },
                  "--tmpfs /run: tmpcopyup is for tmpfs mounts"},
        ErrorCase{"over_proc", [](auto& c) { c.mounts = {{"/proc", "tmpfs", "tmpfs", {}}}; },
                  "mounts[0]: only a procfs can be mounted at /proc, new or bound"},
        ErrorCase{"inside_proc", [](auto& c) { c.mounts = {{"/x/..//proc/./sys", "bind", "/b", {"bind"}}}; },
                  "mounts[0]: '/proc/sys' cannot be mounted because it is inside /proc"},
        ErrorCase{"fresh_in_proc", [](auto& c) { c.mounts = {{"/proc/1", "proc", "proc", {}}}; },
                  "mounts[0]: '/proc/1' cannot be mounted because it is inside /proc"},
        ErrorCase{"idmap_of_a_filesystem", [](auto& c) { c.mounts = {{"/a", "tmpfs", "", {"idmap"}}}; },
                  "mounts[0]: idmap is for bind mounts"},
        ErrorCase{"idmap_without_users", [](auto& c) { c.mounts = {{"/a", "bind", "/b", {"bind", "idmap"}}}; },
                  "mounts[0]: without a user namespace of the container's own there is nothing to map owners to"},
        ErrorCase{"idmap_words",
                  [](auto& c) { c.mounts = {{"/a", "bind", "/b", {"bind", "idmap=uids=0-1;gids=0-0-1"}}}; },
                  "mounts[0]: '0-1' is not a range of ids as in \"0-100000-65536\""},
        ErrorCase{"idmap_half", [](auto& c) { c.mounts = {{"/a", "bind", "/b", {"bind", "idmap=uids=0-1-1"}}}; },
                  "mounts[0]: idmap needs both uids=… and gids=…"},
        ErrorCase{"idmap_relative_to_nothing",
                  [](auto& c) { c.mounts = {{"/a", "bind", "/b", {"bind", "idmap=uids=@0-1-1;gids=0-0-1"}}}; },
                  "mounts[0]: '@0-1-1': the container's user namespace has no id 1"},
        ErrorCase{"label", [](auto& c) { c.linux_.mount_label = "a:b:c:s0"; },
                  "linux.mountLabel: this host's kernel has no SELinux, whose label it is"},
        ErrorCase{"rdt", [](auto& c) { c.linux_.intel_rdt.emplace(); },
                  "linux.intelRdt: no resctrl file system is mounted at /sys/fs/resctrl"},
        ErrorCase{"bind_with_data", [](auto& c) { c.mounts = {{"/a", "bind", "/b", {"bind", "size=1m", "mode=1"}}}; },
                  "mounts[0]: bind mounts cannot have any filesystem-specific options applied: 'size=1m,mode=1'"},
        ErrorCase{"no_type", [](auto& c) { c.mounts = {{"/a", "", "/b", {"ro"}}}; },
                  "mounts[0]: a mount needs a type, or the option bind or rbind"},
        ErrorCase{"root_second", [](auto& c) { c.mounts = {{"/a", "tmpfs", "", {}}, {"/", "overlay", "overlay", {}}}; },
                  "--tmpfs /run: only the first mount may replace the root filesystem"},
        ErrorCase{"selinux_off", [](auto& c) { c.process.selinux_label = "a:b:c"; },
                  "process.selinuxLabel: SELinux is not enabled on this host"},
        ErrorCase{"no_mount_namespace", [](auto& c) { c.linux_.namespaces.clear(); },
                  "linux.namespaces: a container needs a mount namespace of its own"},
        ErrorCase{
            "joined_mount_namespace", [](auto& c) { c.linux_.namespaces[0].path = "/proc/42/ns/mnt"; },
            "linux.namespaces[0]: a mount namespace cannot be shared: the container's mounts would be the other's"},
        ErrorCase{"unknown_limit", [](auto& c) { c.process.rlimits = {{"RLIMIT_FUN", 1, 1}}; },
                  "process.rlimits[0]: no such resource limit: 'RLIMIT_FUN'"},
        ErrorCase{"no_command", [](auto& c) { c.process.args.clear(); },
                  "process.args: there is no command to execute"},
        ErrorCase{"empty_command", [](auto& c) { c.process.args[0] = ""; },
                  "process.args: there is no command to execute"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(PlanError, ALimitThatTheHostCannotKeepIsOne) {
  spec::Config config = smallest();
  config.linux_.cgroups_path = "/caisson/box";
  config.linux_.resources.memory.limit = 1 << 20;
  const auto plan = plan_of(config, CgroupMode::kNone);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().item, "linux.resources.memory.limit");
}

// --- whom files belong to, resctrl -----------------------------------------------------------------------------------

using Mappings = std::vector<spec::IdMapping>;

TEST(MountOwners, AreReadFromTheOptionToo) {
  const spec::Linux container{.uid_mappings = {{0, 1000, 1}, {1, 2000, 10}}, .gid_mappings = {{0, 3000, 10}}};
  const spec::Mount mount{.options = {"bind", "idmap=uids=@0-2-1#5-9-2#@7-1-1;gids=0-7-1"}};
  const auto owners = mount_owners(mount, read_mount_options(mount.options), container);
  ASSERT_TRUE(owners) << owners.error().text();  // each range is relative by its own @
  EXPECT_EQ(owners->kind, Owners::kOwn);
  EXPECT_EQ(owners->uids, (Mappings{{0, 2001, 1}, {5, 9, 2}, {7, 2000, 1}}));
  EXPECT_EQ(owners->gids, (Mappings{{0, 7, 1}}));
}

TEST(MountOwners, AreTheContainersWhereTheMountSaysNothingElse) {
  const spec::Linux container{.uid_mappings = {{0, 1000, 1}}, .gid_mappings = {{0, 3000, 10}}};
  const auto kind = [&](const spec::Mount& mount) {
    return mount_owners(mount, read_mount_options(mount.options), container)->kind;
  };
  EXPECT_EQ(kind({.options = {"bind"}}), Owners::kAsTheyAre);
  EXPECT_EQ(kind({.options = {"bind", "idmap"}}), Owners::kContainers);
  EXPECT_EQ(kind({.uid_mappings = container.uid_mappings, .gid_mappings = container.gid_mappings}),
            Owners::kContainers);
  EXPECT_EQ(kind({.uid_mappings = {{0, 1, 1}}, .gid_mappings = container.gid_mappings}), Owners::kOwn);
}

TEST(MountOwners, WithTheSameMapsShareANamespace) {
  spec::Config config = smallest();
  for (const char* target : {"/a", "/b"}) {
    config.mounts.push_back({.destination = target,
                             .source = "/srv",
                             .options = {"bind"},
                             .uid_mappings = {{0, 1, 1}},
                             .gid_mappings = {{0, 1, 1}}});
  }
  const auto plan = plan_of(config);
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_THAT(broken_rules(*plan), IsEmpty());
  EXPECT_EQ(all<MakeUserNamespace>(*plan, Lane::kParent).size(), 1U);
  EXPECT_EQ(all<IdMapTree>(*plan, Lane::kParent).size(), 2U);
}

TEST(Sources, ThatAreRelativeLieInTheBundle) {
  spec::Config config = smallest();
  config.root.path = "rootfs";
  config.mounts = {{"/a", "bind", "data", {"bind"}}};
  const auto plan = plan_of(config, CgroupMode::kNone, {.state = {.bundle = "/bundle"}});
  std::vector<std::string> sources;
  for (const OpenTree& tree : all<OpenTree>(*plan, Lane::kParent)) sources.emplace_back(plan->view(tree.source));
  EXPECT_THAT(sources, ElementsAre("/bundle/data", "/bundle/rootfs"));
}

TEST(CgroupV2, IsMaskedForAnOrdinaryUserWhoHasNoCgroup) {
  spec::Config config = smallest();
  add_user_namespace(config);
  config.mounts = {{"/sys/fs/cgroup", "cgroup", "cgroup", {"rw"}}};
  HostFacts facts = facts_of(CgroupMode::kV2);
  facts.effective_uid = facts.effective_gid = 1000;
  facts.newuidmap = facts.newgidmap = "/usr/bin/newuidmap";
  const auto plan = plan_container(config, facts, {});
  ASSERT_TRUE(plan) << plan.error().text();
  for (const Mount& mount : all<Mount>(*plan, Lane::kChild)) {
    if (plan->view(mount.target) != "/sys/fs/cgroup") continue;
    EXPECT_EQ(plan->view(mount.type), "tmpfs");
    EXPECT_EQ(mount.set & MOUNT_ATTR_RDONLY, std::uint64_t{MOUNT_ATTR_RDONLY});
  }
}

TEST(Label, IsAnOptionOfNewFileSystems) {
  spec::Config config = runc_default();
  config.linux_.mount_label = "u:r:t:s0:c1,c2";
  config.annotations["run.oci.mount_context_type"] = "rootcontext";
  HostFacts facts = facts_of(CgroupMode::kV2);
  facts.selinux = true;
  const auto plan = plan_container(config, facts, {});
  ASSERT_TRUE(plan) << plan.error().text();
  std::vector<std::string> labelled;
  for (const Mount& mount : all<Mount>(*plan, Lane::kChild)) {
    for (const Text option : plan->texts(mount.options)) {
      if (plan->view(option) == "rootcontext=u:r:t:s0:c1,c2") labelled.emplace_back(plan->view(mount.target));
    }
    if (mount.label) labelled.push_back("label of " + std::string(plan->view(mount.target)));
  }
  EXPECT_THAT(labelled, ElementsAre("/dev", "/dev/pts", "/dev/shm", "label of /dev/mqueue"));
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

TEST(Resctrl, LeavesWhatHasTheContainersName) {
  spec::Config config;
  EXPECT_THAT(resctrl_leftovers(config, "box", "/r"), IsEmpty());
  config.linux_.intel_rdt.emplace();
  EXPECT_THAT(resctrl_leftovers(config, "box", "/r"), ElementsAre("/r/box"));
  EXPECT_THAT(resctrl_leftovers(config, "box", ""), IsEmpty());
  config.linux_.intel_rdt->enable_monitoring = true;
  EXPECT_THAT(resctrl_leftovers(config, "box", "/r"), ElementsAre("/r/box/mon_groups/box", "/r/box"));
  config.linux_.intel_rdt->clos_id = "gold";
  EXPECT_THAT(resctrl_leftovers(config, "box", "/r"), ElementsAre("/r/gold/mon_groups/box"));
  config.linux_.intel_rdt->clos_id = "/";
  EXPECT_THAT(resctrl_leftovers(config, "box", "/r"), ElementsAre("/r/mon_groups/box"));
}

TEST(Schemata, AgreeWhereEachDomainAskedForHasThatValue) {
  const char* existing = "    L3:0=0ff;1=fff\n    MB:0=100;1= 50\n";
  for (const char* wanted : {"L3:0=FF", "L3:1=fff;0=ff\n", "MB:1=50", "L3:0=ff\nMB:0=100\n", ""})
    EXPECT_TRUE(schemata_agree(existing, wanted)) << wanted;
  for (const char* wanted : {"L3:0=f", "L3:2=ff", "L2:0=ff", "MB:0=10", "L3", "L3:0", "L3:0=ff;MB:0=1"})
    EXPECT_FALSE(schemata_agree(existing, wanted)) << wanted;
}

// --- mount options ---------------------------------------------------------------------------------------------------

constexpr std::uint64_t kRecursive = 1U << 14, kPrivate = 1U << 18, kSlave = 1U << 19, kShared = 1U << 20;

struct OptionCase {
  const char* words;
  MountOptions options;
};
void PrintTo(const OptionCase& row, std::ostream* out) { *out << row.words; }

class MountWords : public testing::TestWithParam<OptionCase> {};
TEST_P(MountWords, MeanWhatMountSaysTheyDo) {
  std::istringstream stream(GetParam().words);
  std::vector<std::string> words;
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  const MountOptions read = read_mount_options(words);
  const MountOptions& expected = GetParam().options;
  EXPECT_EQ(read.set, expected.set);
  EXPECT_EQ(read.clear, expected.clear);
  EXPECT_EQ(read.recursive_set, expected.recursive_set);
  EXPECT_EQ(read.recursive_clear, expected.recursive_clear);
  EXPECT_EQ(read.propagation, expected.propagation);
  EXPECT_EQ(read.bind, expected.bind);
  EXPECT_EQ(read.recursive_bind, expected.recursive_bind);
  EXPECT_EQ(read.copy_up, expected.copy_up);
  EXPECT_EQ(read.idmap, expected.idmap);
  EXPECT_EQ(read.recursive_idmap, expected.recursive_idmap);
  EXPECT_EQ(read.id_maps, expected.id_maps);
  EXPECT_EQ(read.copy_link, expected.copy_link);
  EXPECT_EQ(read.no_follow_source, expected.no_follow_source);
  EXPECT_EQ(read.no_follow_target, expected.no_follow_target);
  EXPECT_EQ(read.data, expected.data);
}
INSTANTIATE_TEST_SUITE_P(
    Table, MountWords,
    testing::Values(
        OptionCase{"", {}}, OptionCase{"defaults", {}}, OptionCase{"ro", {.set = MOUNT_ATTR_RDONLY}},
        OptionCase{"rw", {.clear = MOUNT_ATTR_RDONLY}}, OptionCase{"ro,rw", {.clear = MOUNT_ATTR_RDONLY}},
        OptionCase{"rw,ro", {.set = MOUNT_ATTR_RDONLY}},
        OptionCase{"nosuid,nodev,noexec", {.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC}},
        OptionCase{"nosuid,suid,dev,exec", {.clear = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC}},
        OptionCase{"noatime", {.set = MOUNT_ATTR_NOATIME, .clear = MOUNT_ATTR__ATIME}},
        OptionCase{"noatime,strictatime", {.set = MOUNT_ATTR_STRICTATIME, .clear = MOUNT_ATTR__ATIME}},
        OptionCase{"strictatime,relatime", {.clear = MOUNT_ATTR__ATIME}},
        OptionCase{"nodiratime,nosymfollow", {.set = MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW}},
        OptionCase{"bind", {.bind = true}}, OptionCase{"rbind", {.bind = true, .recursive_bind = true}},
        OptionCase{"bind,rro", {.recursive_set = MOUNT_ATTR_RDONLY, .bind = true}},
        OptionCase{"rro,rrw,rnosuid", {.recursive_set = MOUNT_ATTR_NOSUID, .recursive_clear = MOUNT_ATTR_RDONLY}},
        OptionCase{"rslave", {.propagation = kSlave | kRecursive}},
        OptionCase{"rslave,shared", {.propagation = kShared}},
        OptionCase{"rprivate", {.propagation = kPrivate | kRecursive}}, OptionCase{"tmpcopyup", {.copy_up = true}},
        OptionCase{"size=64m,mode=1777", {.data = {"size=64m", "mode=1777"}}},
        OptionCase{"newinstance,ro", {.set = MOUNT_ATTR_RDONLY, .data = {"newinstance"}}},
        OptionCase{"bind,sync,silent,noiversion", {.bind = true}}, OptionCase{"sync,loud", {.data = {"sync"}}},
        OptionCase{"bind,copy-symlink",
                   {.bind = true, .copy_link = true, .no_follow_source = true}},
        OptionCase{"rbind,src-nofollow,dest-nofollow",
                   {.bind = true, .recursive_bind = true, .no_follow_source = true, .no_follow_target = true}},
        OptionCase{"bind,ridmap=uids=0-1-2;gids=0-0-1",
                   {.bind = true, .idmap = true, .recursive_idmap = true, .id_maps = "uids=0-1-2;gids=0-0-1"}},
        OptionCase{"rolling,r", {.data = {"rolling", "r"}}}),
    [](const auto& row) { return "row" + std::to_string(row.index); });

TEST(Propagation, HasAWordForEachOfItsFlags) {
  for (const char* word :
       {"private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable"}) {
    EXPECT_EQ(propagation_word(propagation_flags(word)), word);
  }
  EXPECT_EQ(propagation_flags("public"), 0U);
  EXPECT_EQ(propagation_word(0), "");
}

TEST(Namespaces, HaveTheirFlagsAndFiles) {
  EXPECT_EQ(clone_flag(NamespaceType::kMount), std::uint64_t{CLONE_NEWNS});
  EXPECT_EQ(clone_flag(NamespaceType::kPid), std::uint64_t{CLONE_NEWPID});
  EXPECT_EQ(clone_flag(NamespaceType::kNetwork), std::uint64_t{CLONE_NEWNET});
  EXPECT_EQ(clone_flag(NamespaceType::kIpc), std::uint64_t{CLONE_NEWIPC});
  EXPECT_EQ(clone_flag(NamespaceType::kUts), std::uint64_t{CLONE_NEWUTS});
  EXPECT_EQ(clone_flag(NamespaceType::kUser), std::uint64_t{CLONE_NEWUSER});
  EXPECT_EQ(clone_flag(NamespaceType::kCgroup), std::uint64_t{CLONE_NEWCGROUP});
  EXPECT_EQ(clone_flag(NamespaceType::kTime), 0x80U);
  EXPECT_EQ(namespace_file(NamespaceType::kMount), "mnt");
  EXPECT_EQ(namespace_file(NamespaceType::kTime), "time");
  for (const char* name : {"RLIMIT_NOFILE", "RLIMIT_STACK"}) EXPECT_GE(limit_number(name), 0);
  EXPECT_EQ(limit_number("RLIMIT_FUN"), -1);
}

}  // namespace
}  // namespace caisson::plan
