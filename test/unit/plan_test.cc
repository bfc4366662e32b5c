#include <linux/mount.h>
#include <sched.h>

#include <fmt/format.h>

#include "explain/words.h"
#include "plan/mount_owners.h"
#include "plan/resctrl.h"
#include "plan/schemata.h"
#include "plan_fixture.h"

namespace caisson::plan {
namespace {

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
  EXPECT_THAT(environment_of(of({"HOME=/h", "HOME=", "A=1"})), ElementsAre("A=1", "HOME="));
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
  EXPECT_THAT(
      plan->warnings(),
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
    std::vector<std::string> words =
        words_of(*plan_process(process, target, facts_of(CgroupMode::kV1), {}), Lane::kChild);
    std::erase_if(words,
                  [](const std::string& w) { return !w.starts_with("run on") && !w.starts_with("join the cgroup"); });
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
        ErrorCase{"copy_up_to_bind", [](auto& c) { c.mounts = {{"/run", "tmpfs", "tmpfs", {"copyup"}}}; },
                  "mounts[0]: copyup is for bind mounts"},
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

}  // namespace
}  // namespace caisson::plan
