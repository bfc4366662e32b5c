#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "engine_compose_fixture.h"

namespace caisson::engine {
namespace {

using spec::NamespaceType;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

TEST(Defaults, AreThoseOfPodman) {
  const Composed composed = compose_well(command(), typical());
  const spec::Config& config = composed.config;
  EXPECT_EQ(config.root.path, "/rootfs");
  EXPECT_FALSE(config.root.readonly);
  EXPECT_THAT(
      show(config.mounts),
      ElementsAre("proc /proc proc nosuid,noexec,nodev", "tmpfs /dev tmpfs nosuid,strictatime,mode=755,size=65536k",
                  "devpts /dev/pts devpts nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5",
                  "sysfs /sys sysfs nosuid,noexec,nodev,ro",
                  "cgroup /sys/fs/cgroup cgroup nosuid,noexec,nodev,relatime,ro,rprivate",
                  "mqueue /dev/mqueue mqueue nosuid,noexec,nodev",
                  "shm /dev/shm tmpfs nosuid,noexec,nodev,mode=1777,size=65536k"));

  EXPECT_THAT(config.process.args, ElementsAre("true"));
  EXPECT_THAT(config.process.env, ElementsAre("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                              "container=caisson", "HOSTNAME=0123456789ab", "HOME=/root"));
  EXPECT_EQ(config.process.cwd, "/");
  EXPECT_FALSE(config.process.terminal);
  EXPECT_FALSE(config.process.no_new_privileges);
  EXPECT_EQ(config.process.user.umask, 022U);
  EXPECT_THAT(config.process.user.additional_gids, ElementsAre(0));
  EXPECT_EQ(config.hostname, "0123456789ab");

  constexpr const char* kEleven =
      "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID CAP_SETPCAP "
      "CAP_NET_BIND_SERVICE "
      "CAP_SYS_CHROOT CAP_SETFCAP";
  EXPECT_EQ(names(config.process.capabilities->bounding), kEleven);
  EXPECT_EQ(names(config.process.capabilities->effective), kEleven);
  EXPECT_EQ(names(config.process.capabilities->permitted), kEleven);
  EXPECT_EQ(config.process.capabilities->inheritable, 0U);
  EXPECT_EQ(config.process.capabilities->ambient, 0U);

  std::vector<NamespaceType> namespaces;
  for (const spec::Namespace& each : config.linux_.namespaces) {
    EXPECT_EQ(each.path, "");
    namespaces.push_back(each.type);
  }
  EXPECT_THAT(namespaces, ElementsAre(NamespaceType::kMount, NamespaceType::kPid, NamespaceType::kNetwork,
                                      NamespaceType::kIpc, NamespaceType::kUts, NamespaceType::kCgroup));
  EXPECT_EQ(config.linux_.cgroups_path, "/caisson-" + kId);
  EXPECT_EQ(config.linux_.resources.pids_limit, 2048);
  EXPECT_FALSE(config.linux_.resources.memory.limit || config.linux_.resources.memory.swap);
  EXPECT_FALSE(config.linux_.resources.cpu.quota || config.linux_.resources.cpu.shares);
  EXPECT_TRUE(config.linux_.sysctl.empty());
  EXPECT_TRUE(config.linux_.devices.empty());

  EXPECT_EQ(composed.origins, (std::map<std::string, std::string>{{"process.args", "command true"}}));
  EXPECT_THAT(composed.warnings, IsEmpty());
  EXPECT_THAT(composed.directories, IsEmpty());
  EXPECT_THAT(composed.owners, IsEmpty());
}

TEST(Defaults, HideAndProtectPaths) {
  Surroundings around = typical();
  around.cpus = 2;
  const spec::Config config = compose_well(command(), around).config;
  EXPECT_THAT(
      config.linux_.masked_paths,
      ElementsAre("/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                  "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
                  "/sys/devices/virtual/powercap", "/sys/firmware", "/sys/fs/selinux",
                  "/sys/devices/system/cpu/cpu0/thermal_throttle", "/sys/devices/system/cpu/cpu1/thermal_throttle"));
  EXPECT_THAT(config.linux_.readonly_paths,
              ElementsAre("/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"));
}

// The devices that every container has are allowed by the cgroup room, whoever writes the configuration.
TEST(Defaults, AllowNoDeviceOfTheHost) {
  const spec::Config config = compose_well(command(), typical()).config;
  ASSERT_EQ(config.linux_.resources.devices.size(), 1U);
  EXPECT_EQ(show(config.linux_.resources.devices[0]), "deny a *:* rwm");
}

TEST(Defaults, GoByWhatTheHostHas) {
  Surroundings bare = typical();
  bare.facts.cgroup_mode = CgroupMode::kNone;
  bare.facts.hierarchies.clear();
  bare.facts.filesystems.clear();
  bare.facts.bounding_capabilities = 0x21;
  const Composed composed = compose_well(command(), bare);
  EXPECT_THAT(show(composed.config.mounts), Not(Contains(HasSubstr("cgroup"))));
  EXPECT_THAT(show(composed.config.mounts), Not(Contains(HasSubstr("mqueue"))));
  EXPECT_EQ(composed.config.linux_.resources.pids_limit, std::nullopt);
  EXPECT_TRUE(composed.config.linux_.resources.devices.empty());
  EXPECT_THAT(composed.warnings, ElementsAre(HasSubstr("no cgroup controller for devices")));
  EXPECT_EQ(names(composed.config.process.capabilities->bounding), "CAP_CHOWN CAP_KILL");

  bare.facts.cgroup_mode = CgroupMode::kV2;
  EXPECT_FALSE(compose_well(command(), bare).config.linux_.resources.devices.empty());
  bare.facts.effective_uid = 1000;  // who may give the kernel no program
  EXPECT_TRUE(compose_well(command(), bare).config.linux_.resources.devices.empty());
}

// --- what cannot be ------------------------------------------------------------------------------------------------

struct RefusedCase {
  const char* name;
  std::function<void(RunOptions&, Surroundings&)> set;
  const char* text;
};
void PrintTo(const RefusedCase& row, std::ostream* out) { *out << row.name; }
class RefusedTest : public testing::TestWithParam<RefusedCase> {};
TEST_P(RefusedTest, SaysWhatContradictsWhat) {
  RunOptions options = command();
  Surroundings around = typical();
  GetParam().set(options, around);
  const Result<Composed> composed = compose(options, around);
  ASSERT_FALSE(composed);
  EXPECT_EQ(composed.error().text(), GetParam().text);
}
INSTANTIATE_TEST_SUITE_P(
    Options, RefusedTest,
    testing::Values(
        RefusedCase{"InitAndPidHost",
                    [](R o, S) {
                      o.init = true;
                      o.pid.kind = NamespaceKind::kHost;
                      o.typed["pid"] = "--pid host";
                    },
                    "--init and --pid host exclude each other: the init program has to be the first process of a PID "
                    "namespace"},
        RefusedCase{"NoHostsAndAddHost",
                    [](R o, S) {
                      o.no_hosts = true;
                      o.hosts = {{{"a"}, "::1"}};
                      o.typed["add-host"] = "--add-host a:::1";
                    },
                    "--no-hosts and --add-host a:::1 exclude each other"},
        RefusedCase{
            "DnsOfASharedNetwork",
            [](R o, S) {
              o.network = {NamespaceKind::kContainer, "a"};
              o.typed = {{"network", "--network container:a"}, {"dns", "--dns ::1"}};
            },
            "--dns ::1 and --network container:a exclude each other: names belong to the network that is shared"},
        RefusedCase{"HostnameAndUtsHost",
                    [](R o, S) {
                      o.hostname = "x";
                      o.uts.kind = NamespaceKind::kHost;
                      o.typed = {{"hostname", "-h x"}, {"uts", "--uts host"}};
                    },
                    "-h x and --uts host exclude each other: it would change the name of others too"},
        RefusedCase{"DomainnameAndUtsOfAnother",
                    [](R o, S) {
                      o.domainname = "x";
                      o.uts = {NamespaceKind::kPath, "/x"};
                    },
                    "--domainname and --uts exclude each other: it would change the name of others too"},
        RefusedCase{"CpusAndQuota",
                    [](R o, S) {
                      o.nano_cpus = 1;
                      o.cpu_quota_us = 1;
                    },
                    "--cpus and --cpu-quota exclude each other: the first is a quota in a period of 100000 µs"},
        RefusedCase{"CpusAndPeriod",
                    [](R o, S) {
                      o.nano_cpus = 1;
                      o.cpu_period_us = 1;
                    },
                    "--cpus and --cpu-period exclude each other: the first is a quota in a period of 100000 µs"},
        RefusedCase{"SwapWithoutMemory", [](R o, S) { o.memory_swap_bytes = 5; },
                    "--memory-swap: it is memory and swap together, so --memory has to be given too"},
        RefusedCase{"SwapBelowMemory",
                    [](R o, S) {
                      o.memory_bytes = 5;
                      o.memory_swap_bytes = 4;
                      o.typed = {{"memory", "-m 5"}, {"memory-swap", "--memory-swap 4"}};
                    },
                    "--memory-swap 4: it is memory and swap together, so it cannot be below -m 5"},
        RefusedCase{"ReservationAboveMemory",
                    [](R o, S) {
                      o.memory_bytes = 5;
                      o.memory_reservation_bytes = 6;
                    },
                    "--memory-reservation: it is above --memory"},
        RefusedCase{"ShmSizeWithoutShm",
                    [](R o, S) {
                      o.shm_size_bytes = 5;
                      o.ipc.kind = NamespaceKind::kHost;
                    },
                    "--shm-size and --ipc exclude each other: this container has no /dev/shm of its own"},
        RefusedCase{"SamePlaceTwice",
                    [](R o, S) {
                      o.mounts = {{.source = "/a", .destination = "/x", .typed = "-v /a:/x"},
                                  {.kind = MountKind::kTmpfs, .destination = "/x", .typed = "--tmpfs /x"}};
                    },
                    "-v /a:/x and --tmpfs /x are mounted at the same place"},
        RefusedCase{"AddedAndDropped", [](R o, S) { o.cap_add.mask = o.cap_drop.mask = 1; },
                    "CAP_CHOWN is both added and dropped"},
        RefusedCase{"AllAddedAndDropped", [](R o, S) { o.cap_add.all = o.cap_drop.all = true; },
                    "--cap-add ALL and --cap-drop ALL exclude each other"},
        RefusedCase{"AddedWithoutHavingIt",
                    [](R o, S s) {
                      o.cap_add.mask = kSysAdmin;
                      s.facts.bounding_capabilities = 1;
                      o.typed["cap-add"] = "--cap-add SYS_ADMIN";
                    },
                    "--cap-add SYS_ADMIN: CAP_SYS_ADMIN is not in the bounding set of this command itself"},
        RefusedCase{"EmptyCommand", [](R o, S) { o.command = {""}; }, "the command is empty"},
        RefusedCase{"ContainerThatIsGone",
                    [](R o, S) {
                      o.pid = {NamespaceKind::kContainer, "a"};
                      o.typed["pid"] = "--pid container:a";
                    },
                    "--pid container:a: container 'a' has no process whose namespace could be joined"},
        RefusedCase{"SysctlWithoutAName", [](R o, S) { o.sysctls = {{"net.ipv4..x", "1", "--sysctl net.ipv4..x=1"}}; },
                    "--sysctl net.ipv4..x=1: not the name of a kernel parameter"},
        RefusedCase{"SysctlThatLeadsElsewhere",
                    [](R o, S) { o.sysctls = {{"net/../kernel/panic", "1", "--sysctl x"}}; },
                    "--sysctl x: not the name of a kernel parameter"},
        RefusedCase{
            "SysctlOfTheHost", [](R o, S) { o.sysctls = {{"kernel.panic", "1", "--sysctl kernel.panic=1"}}; },
            "--sysctl kernel.panic=1: 'kernel.panic' belongs to no namespace: setting it would change the whole host"},
        RefusedCase{
            "SysctlOfTheHostWithSlashes",
            [](R o, S) { o.sysctls = {{"kernel/panic", "1", "--sysctl kernel/panic=1"}}; },
            "--sysctl kernel/panic=1: 'kernel.panic' belongs to no namespace: setting it would change the whole host"},
        RefusedCase{"SysctlWithHostNetwork",
                    [](R o, S) {
                      o.sysctls = {{"net.a", "1", "--sysctl net.a=1"}};
                      o.network.kind = NamespaceKind::kHost;
                      o.typed["network"] = "--network host";
                    },
                    "--sysctl net.a=1: it would change the namespace of others, because of --network host"},
        RefusedCase{"NoDevice", [](R o, S) { o.devices = {{"/dev/none", "/dev/none", "rwm", "--device /dev/none"}}; },
                    "--device /dev/none: '/dev/none' is no device of this host, and no directory with devices"}),
    [](const auto& row) { return row.param.name; });

// --- devices, preparations, warnings
// ----------------------------------------------------------------------------------

TEST(Devices, HaveANodeAndARule) {
  RunOptions options = command();
  options.devices = {{"/dev/kvm", "/dev/x", "rw", "--device /dev/kvm:/dev/x:rw"},
                     {"/dev/snd", "/dev/sound", "rwm", "--device /dev/snd:/dev/sound"}};
  Surroundings around = typical();
  around.devices["/dev/kvm"] = {{.path = "/dev/kvm", .type = 'c', .major = 10, .minor = 232, .mode = 0660, .gid = 104}};
  around.devices["/dev/snd"] = {{.path = "/dev/snd/seq", .major = 116, .minor = 1},
                                {.path = "/dev/snd/by/id", .major = 116, .minor = 2}};
  const Composed composed = compose_well(options, around);
  const auto& devices = composed.config.linux_.devices;
  ASSERT_EQ(devices.size(), 3U);
  EXPECT_EQ(devices[0].path, "/dev/x");
  EXPECT_EQ(devices[0].major, 10);
  EXPECT_EQ(devices[0].file_mode, 0660U);
  EXPECT_EQ(devices[0].gid, 104U);
  EXPECT_EQ(devices[1].path, "/dev/sound/seq");
  EXPECT_EQ(devices[2].path, "/dev/sound/by/id");
  const auto& rules = composed.config.linux_.resources.devices;
  ASSERT_EQ(rules.size(), 4U);
  EXPECT_EQ(show(rules[1]), "allow c 10:232 rw");
  EXPECT_EQ(composed.origins.at("linux.devices[0]"), "--device /dev/kvm:/dev/x:rw");
  EXPECT_EQ(composed.origins.at("linux.resources.devices[3]"), "--device /dev/snd:/dev/sound");
}

TEST(Devices, OfAPrivilegedContainerAreTheHosts) {
  RunOptions options = command();
  options.privileged = true;
  Surroundings around = typical();
  around.all_devices = {{.path = "/dev/null", .major = 1, .minor = 3},
                        {.path = "/dev/sda", .type = 'b', .major = 8},
                        {.path = "/dev/pts/0", .major = 136},
                        {.path = "/dev/console", .major = 5, .minor = 1}};
  const Composed composed = compose_well(options, around);
  ASSERT_EQ(composed.config.linux_.devices.size(), 1U);
  EXPECT_EQ(composed.config.linux_.devices[0].path, "/dev/sda");
  ASSERT_EQ(composed.config.linux_.resources.devices.size(), 1U);
  EXPECT_EQ(show(composed.config.linux_.resources.devices[0]), "allow a *:* rwm");
  EXPECT_THAT(composed.warnings,
              ElementsAre(AllOf(StartsWith("--privileged gives up"), HasSubstr("41 capabilities instead of 11"))));
}

TEST(Mounts, SayWhatHasToBePrepared) {
  RunOptions options = command();
  options.mounts = {{.source = "/plain", .destination = "/1"},
                    {.kind = MountKind::kOverlay, .source = "/below", .destination = "/2"},
                    {.source = "data", .destination = "/3", .change_owner = true, .typed = "-v"}};
  Surroundings around = typical();
  ordinary_user(around);
  const Composed composed = compose_well(options, around);
  EXPECT_THAT(composed.directories,
              ElementsAre("/run/caisson/containers/x/overlays/1/upper", "/run/caisson/containers/x/overlays/1/work"));
  ASSERT_EQ(composed.owners.size(), 1U);
  EXPECT_EQ(composed.owners[0].path, "/home/me/data");
  EXPECT_EQ(composed.owners[0].uid, 1000U);
}

TEST(Warnings, NameTheOption) {
  RunOptions options = command();
  options.mounts = {{.source = "/a", .destination = "/b", .relabel = true, .typed = "-v /a:/b:z"}};
  options.ipc = {NamespaceKind::kContainer, "other"};
  options.typed["ipc"] = "--ipc container:other";
  Surroundings around = typical();
  around.namespaces[NamespaceType::kIpc] = "/proc/7/ns/ipc";
  EXPECT_THAT(compose_well(options, around).warnings,
              ElementsAre("--ipc container:other: System V IPC and message queues are shared, /dev/shm is not"));
  around.facts.selinux = true;
  EXPECT_THAT(compose_well(options, around).warnings,
              Contains("-v /a:/b:z: SELinux labels are not there yet, so '/a' keeps its own"));
}

// --- user namespaces -----------------------------------------------------------------------------------------------

Surroundings mapped(bool shifted) {
  Surroundings around = typical();
  around.rootfs.lower = {"/layers/1"};
  around.rootfs.upper = "/c/upper";
  around.rootfs.work = "/c/work";
  around.hosts_file = "/c/hosts";
  around.user_namespace = {
      .own = true, .path = {}, .uids = {{0, 100000, 4}}, .gids = {{0, 100000, 4}}, .shifted = shifted};
  return around;
}

TEST(UserNamespaces, AreInTheConfiguration) {
  const Composed composed = compose_well(command(), mapped(true));
  EXPECT_EQ(composed.config.linux_.namespaces[1], (spec::Namespace{NamespaceType::kUser, ""}));
  EXPECT_EQ(composed.config.linux_.uid_mappings, (IdMappings{{0, 100000, 4}}));
  const auto mounts = show(composed.config.mounts);
  EXPECT_THAT(mounts, Contains("devpts /dev/pts devpts nosuid,noexec,newinstance,ptmxmode=0666,mode=0620"))
      << "group 5 is not there";
  EXPECT_THAT(mounts, Contains("/c/hosts /etc/hosts bind bind,nosuid,noexec,nodev,rprivate,idmap"));
  EXPECT_THAT(mounts[0], testing::EndsWith(",idmap"));
}

TEST(UserNamespaces, OfOrdinaryUsersLeaveOwnersAsTheyAre) {
  for (const std::string& mount : show(compose_well(command(), mapped(false)).config.mounts))
    EXPECT_THAT(mount, Not(HasSubstr("idmap")));
}

TEST(UserNamespaces, BindDevicesAndLeaveOutGroupsThatAreNotThere) {
  Surroundings around = mapped(false);
  around.account.groups = {0, 3, 10};
  around.devices["/dev/fuse"] = {{.path = "/dev/fuse", .major = 10, .minor = 229}};
  RunOptions options = command();
  options.devices = {{.source = "/dev/fuse", .destination = "/dev/mine", .typed = "--device /dev/fuse:/dev/mine"}};
  const Composed composed = compose_well(options, around);
  EXPECT_THAT(show(composed.config.mounts), Contains("/dev/fuse /dev/mine bind bind,nosuid,noexec,rprivate"));
  EXPECT_THAT(composed.config.linux_.devices, IsEmpty());
  EXPECT_THAT(composed.config.process.user.additional_gids, ElementsAre(0, 3));
}

TEST(Delegation, TakesOffWhatAnOrdinaryUserMayNotLimitAndNamesTheFile) {
  Surroundings around = mapped(false);
  around.facts.effective_uid = 1000;
  around.facts.hierarchies = {
      {.path = "/sys/fs/cgroup/memory", .controllers = {"memory"}, .own = "/user", .is_writable = false},
      {.path = "/sys/fs/cgroup/pids", .controllers = {"pids"}, .own = "/user"}};
  RunOptions options = command();
  options.memory_bytes = 1 << 20;
  options.typed["memory"] = "-m 1m";
  Composed composed = compose_well(options, around);
  EXPECT_EQ(composed.config.linux_.resources.memory, spec::Memory());
  EXPECT_EQ(composed.config.linux_.resources.pids_limit, 2048);
  EXPECT_THAT(composed.config.linux_.resources.devices, IsEmpty());
  EXPECT_THAT(composed.warnings,
              ElementsAre("-m 1m: no such limit is set: user 1000 may not write to /sys/fs/cgroup/memory/user"));
  EXPECT_FALSE(composed.config.linux_.cgroups_path.empty());

  around.facts.hierarchies[1].is_writable = false;
  composed = compose_well(command(), around);
  EXPECT_THAT(composed.warnings, IsEmpty()) << "nothing that was asked for is lost";
  EXPECT_EQ(composed.config.linux_.cgroups_path, "");
}

// --- the init of a whole system ----------------------------------------------------------------------------------

Surroundings on_version_2() {
  Surroundings around = typical();
  around.facts.cgroup_mode = CgroupMode::kV2;
  around.facts.hierarchies = {{.path = "/sys/fs/cgroup", .controllers = {"pids"}, .unified = true}};
  return around;
}

std::string mounted_at(const Composed& composed, std::string_view destination) {
  for (const spec::Mount& mount : composed.config.mounts) {
    if (mount.destination == destination) return show(mount);
  }
  return "nothing";
}

TEST(System, IsKnownByTheNameOfItsProgram) {
  for (const char* init : {"/sbin/init", "/usr/sbin/init", "/lib/systemd/systemd", "systemd"})
    EXPECT_TRUE(compose_well(command({init}), on_version_2()).is_system) << init;
  for (const char* other : {"init", "/bin/sh", "/opt/systemd/x", "/sbin/initd"})
    EXPECT_FALSE(compose_well(command({other}), on_version_2()).is_system) << other;
  RunOptions options = command({"/sbin/init"});
  options.systemd = SystemdMode::kNever;
  EXPECT_FALSE(compose_well(options, on_version_2()).is_system);
  options.systemd = SystemdMode::kDetected;
  options.pid.kind = NamespaceKind::kHost;
  EXPECT_FALSE(compose_well(options, on_version_2()).is_system);
}

TEST(System, HasMemoryWhereItExpectsIt_ItsCgroupsAndItsSignal) {
  const Composed system = compose_well(command({"/sbin/init"}), on_version_2());
  EXPECT_EQ(mounted_at(system, "/run"), "tmpfs /run tmpfs mode=755,rw,nosuid,nodev,rprivate");
  EXPECT_EQ(mounted_at(system, "/tmp"), "tmpfs /tmp tmpfs mode=1777,rw,nosuid,nodev,rprivate");
  EXPECT_NE(mounted_at(system, "/sys/fs/cgroup").find(",rw,"), std::string::npos);
  EXPECT_EQ(system.stop_signal, 37);
  const Composed plain = compose_well(command(), on_version_2());
  EXPECT_EQ(mounted_at(plain, "/run"), "nothing");
  EXPECT_NE(mounted_at(plain, "/sys/fs/cgroup").find(",ro,"), std::string::npos);
  EXPECT_EQ(plain.stop_signal, 15);
}

TEST(System, KeepsTheSignalAndTheMountsThatAreAskedFor) {
  RunOptions options = command({"/sbin/init"});
  options.stop_signal = 9;
  options.mounts = {
      {.kind = MountKind::kTmpfs, .destination = "/run", .options = {"size=1m"}, .typed = "--tmpfs /run"}};
  const Composed system = compose_well(options, on_version_2());
  EXPECT_EQ(system.stop_signal, 9);
  EXPECT_NE(mounted_at(system, "/run").find("size=1m"), std::string::npos);
}

TEST(System, MayEndByRebootWhereNothingElseComesOfIt) {
  const auto may_reboot = [](const RunOptions& wanted) {
    Surroundings around = on_version_2();
    around.seccomp_profile = R"({"defaultAction": "SCMP_ACT_ALLOW"})";
    const Composed composed = compose_well(wanted, around);
    return names(composed.config.process.capabilities->bounding).find("CAP_SYS_BOOT") != std::string::npos;
  };
  RunOptions options = command({"/sbin/init"});
  EXPECT_TRUE(may_reboot(options));
  options.security.seccomp_unconfined = true;
  EXPECT_FALSE(may_reboot(options));
  options.security = {.seccomp_profile = "own.json"};
  EXPECT_FALSE(may_reboot(options));
  EXPECT_FALSE(may_reboot(command({"/bin/sh"})));
}

TEST(System, IsStoppedAsItsImageSays) {
  Surroundings around = on_version_2();
  around.image = ImageFacts{};
  around.image->defaults.stop_signal = "SIGINT";
  EXPECT_EQ(compose_well(command({"/sbin/init"}), around).stop_signal, 2);
}

TEST(System, NeedsACgroupThatItCanWriteTo) {
  Surroundings around = typical();  // version 1, without name=systemd
  const Result<Composed> without = compose(command({"/sbin/init"}), around);
  ASSERT_FALSE(without);
  EXPECT_NE(without.error().text().find("name=systemd, which this host has not"), std::string::npos);
  around.facts.hierarchies.push_back({.path = "/sys/fs/cgroup/systemd", .controllers = {"name=systemd"}});
  const Composed system = compose_well(command({"/sbin/init"}), around);
  EXPECT_NE(mounted_at(system, "/sys/fs/cgroup").find(",ro,"), std::string::npos);  // but for that one: plan::Request
  around = on_version_2();
  around.facts.hierarchies[0].is_writable = false;
  EXPECT_FALSE(compose(command({"/sbin/init"}), around));
}

}  // namespace
}  // namespace caisson::engine
