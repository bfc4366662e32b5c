#include <gtest/gtest.h>

#include <functional>

#include "engine_compose_fixture.h"

namespace caisson::engine {
namespace {

using spec::NamespaceType;

// --- one row a flag: what it changes, and where errors will say it came from
// ------------------------------------------

struct FlagCase {
  const char* name;
  std::function<void(RunOptions&, Surroundings&)> set;
  std::function<std::string(const spec::Config&)> shown;
  std::string expected;
  std::string item = {};
  std::string origin = {};
};
void PrintTo(const FlagCase& row, std::ostream* out) { *out << row.name; }
class FlagTest : public testing::TestWithParam<FlagCase> {};
TEST_P(FlagTest, EndsUpInTheConfiguration) {
  const FlagCase& row = GetParam();
  RunOptions options = command();
  Surroundings around = typical();
  row.set(options, around);
  const Composed composed = compose_well(options, around);
  EXPECT_EQ(row.shown(composed.config), row.expected);
  if (row.item.empty()) return;
  ASSERT_TRUE(composed.origins.contains(row.item)) << row.item;
  EXPECT_EQ(composed.origins.at(row.item), row.origin);
}

using C = const spec::Config&;

std::string show_limits(C c) {
  std::string text;
  for (const spec::Rlimit& limit : c.process.rlimits)
    text += fmt::format("{} {} {};", limit.type.substr(7), limit.soft, limit.hard);
  return text;
}
std::string show_memory(C c) {
  const spec::Memory& m = c.linux_.resources.memory;
  return fmt::format("{} {} {} {}", m.limit.value_or(0), m.swap.value_or(0), m.reservation.value_or(0),
                     m.swappiness ? static_cast<int>(*m.swappiness) : -9);
}
std::string show_cpu(C c) {
  const spec::Cpu& p = c.linux_.resources.cpu;
  return fmt::format("{} {} {} {} {}", p.shares.value_or(0), p.quota.value_or(0), p.period.value_or(0), p.cpus, p.mems);
}
std::string show_env(C c) { return join({c.process.env.begin() + 1, c.process.env.end()}, " "); }
std::string show_sets(C c) {
  const spec::Capabilities& s = *c.process.capabilities;
  return fmt::format("b={:x} e={:x} p={:x} i={:x} a={:x}", s.bounding, s.effective, s.permitted, s.inheritable,
                     s.ambient);
}
std::string last_mount(C c) { return show(c.mounts.back()); }
std::string show_namespaces(C c) {
  std::string text;
  for (const spec::Namespace& each : c.linux_.namespaces)
    text += fmt::format("{}={} ", spec::namespace_word(each.type), each.path);
  return text;
}
std::string args(C c) { return join(c.process.args, " "); }

INSTANTIATE_TEST_SUITE_P(
    Process, FlagTest,
    testing::Values(
        FlagCase{"NoCommand", [](R o, S) { o.command.clear(); }, args, "/bin/sh"},
        FlagCase{"Entrypoint", [](R o, S) { o.entrypoint = {"a", "b"}; }, args, "a b true", "process.args",
                 "command a"},
        FlagCase{"EntrypointNone", [](R o, S) { o.entrypoint = std::vector<std::string>(); }, args, "true"},
        FlagCase{"Init",
                 [](R o, S s) {
                   o.init = true;
                   s.init_program = "/usr/libexec/caisson/init";
                 },
                 args, "/run/caisson-init -- true", "mounts[7]", "--init"},
        FlagCase{"InitMount",
                 [](R o, S s) {
                   o.init = true;
                   s.init_program = "/x/init";
                 },
                 last_mount, "/x/init /run/caisson-init bind bind,ro,nosuid,nodev,rprivate"},
        FlagCase{"Workdir",
                 [](R o, S) {
                   o.workdir = "/w";
                   o.typed["workdir"] = "-w /w";
                 },
                 [](C c) { return c.process.cwd; }, "/w", "process.cwd", "-w /w"},
        FlagCase{"Tty",
                 [](R o, S s) {
                   o.tty = true;
                   s.console_size = {{.height = 24, .width = 80}};
                 },
                 [](C c) { return fmt::format("{} {}", c.process.terminal, c.process.console_size->width); },
                 "true 80"},
        FlagCase{"TtyEnv", [](R o, S) { o.tty = true; }, show_env,
                 "TERM=xterm container=caisson HOSTNAME=0123456789ab HOME=/root"},
        FlagCase{"Env",
                 [](R o, S) {
                   o.env_files = {{"A", "1"}, {"B", "1"}};
                   o.env = {{"B", "2"}, {"HOME", "/h"}};
                 },
                 show_env, "container=caisson HOSTNAME=0123456789ab HOME=/h A=1 B=2"},
        FlagCase{"EnvNameThatBeginsAnother", [](R o, S) { o.env = {{"HOMES", "x"}, {"HOST", "y"}}; }, show_env,
                 "container=caisson HOSTNAME=0123456789ab HOME=/root HOMES=x HOST=y"},
        FlagCase{"Proxies",
                 [](R o, S s) {
                   s.environment = {{"http_proxy", "p"}, {"NO_PROXY", "n"}, {"SECRET", "s"}};
                   o.env = {{"NO_PROXY", ""}};
                 },
                 show_env, "container=caisson HOSTNAME=0123456789ab HOME=/root http_proxy=p NO_PROXY="},
        FlagCase{"User",
                 [](R o, S s) {
                   s.account = {.uid = 5, .gid = 6, .name = "u", .home = "/u", .groups = {6, 7}};
                   o.typed["user"] = "-u u";
                 },
                 [](C c) {
                   return fmt::format("{} {} {}", c.process.user.uid, c.process.user.gid,
                                      c.process.user.additional_gids.size());
                 },
                 "5 6 2", "process.user", "-u u"},
        FlagCase{"Umask", [](R o, S) { o.umask = 077; }, [](C c) { return std::to_string(*c.process.user.umask); },
                 "63"},
        FlagCase{"OomScoreAdj",
                 [](R o, S) {
                   o.oom_score_adj = -5;
                   o.typed["oom-score-adj"] = "--oom-score-adj -5";
                 },
                 [](C c) { return std::to_string(*c.process.oom_score_adj); }, "-5", "process.oomScoreAdj",
                 "--oom-score-adj -5"},
        FlagCase{"NoNewPrivileges", [](R o, S) { o.security.no_new_privileges = true; },
                 [](C c) { return std::string(c.process.no_new_privileges ? "yes" : "no"); }, "yes"},
        FlagCase{"UlimitsOfOneWhoMayRaiseThem", [](R, S) {}, show_limits,
                 "NOFILE 1048576 1048576;NPROC 1048576 1048576;"},
        FlagCase{"UlimitsOfOneWhoMayNot", [](R, S s) { s.facts.effective_capabilities = 0; }, show_limits,
                 "NOFILE 20000 20000;NPROC 1048576 1048576;"},
        FlagCase{"Ulimit", [](R o, S) { o.ulimits = {{"core", 0, kUnlimited, "--ulimit core=0:-1"}}; }, show_limits,
                 "NOFILE 1048576 1048576;NPROC 1048576 1048576;CORE 0 18446744073709551615;", "process.rlimits[2]",
                 "--ulimit core=0:-1"},
        FlagCase{"UlimitInPlaceOfADefault",
                 [](R o, S s) {
                   o.ulimits = {{"nofile", 9, 99999, "--ulimit nofile=9:99999"}};
                   s.facts.effective_capabilities = 0;
                 },
                 show_limits, "NOFILE 9 99999;NPROC 1048576 1048576;", "process.rlimits[0]", "--ulimit nofile=9:99999"},
        FlagCase{"UlimitsOfTheHost", [](R o, S) { o.host_ulimits = true; }, show_limits, ""},
        FlagCase{"Annotation", [](R o, S) { o.annotations["a"] = "b"; }, [](C c) { return c.annotations.at("a"); },
                 "b"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Capabilities, FlagTest,
    testing::Values(
        FlagCase{"Added",
                 [](R o, S) {
                   o.cap_add.mask = kSysAdmin;
                   o.typed["cap-add"] = "--cap-add SYS_ADMIN";
                 },
                 show_sets, "b=802405fb e=802405fb p=802405fb i=0 a=0", "process.capabilities", "--cap-add SYS_ADMIN"},
        FlagCase{"Dropped", [](R o, S) { o.cap_drop.mask = 1; }, show_sets, "b=800405fa e=800405fa p=800405fa i=0 a=0"},
        FlagCase{"DropAllAddOne",
                 [](R o, S) {
                   o.cap_drop.all = true;
                   o.cap_add.mask = kNetBind;
                 },
                 show_sets, "b=400 e=400 p=400 i=0 a=0"},
        FlagCase{"DropAll", [](R o, S) { o.cap_drop.all = true; }, show_sets, "b=0 e=0 p=0 i=0 a=0"},
        FlagCase{"AddAllDropOne",
                 [](R o, S) {
                   o.cap_add.all = true;
                   o.cap_drop.mask = 1;
                 },
                 show_sets, "b=1fffffffffe e=1fffffffffe p=1fffffffffe i=0 a=0"},
        FlagCase{"AddAllIsWhatTheCallerHas",
                 [](R o, S s) {
                   o.cap_add.all = true;
                   s.facts.bounding_capabilities = 7;
                 },
                 show_sets, "b=7 e=7 p=7 i=0 a=0"},
        FlagCase{"Privileged",
                 [](R o, S) {
                   o.privileged = true;
                   o.typed["privileged"] = "--privileged";
                 },
                 show_sets, "b=1ffffffffff e=1ffffffffff p=1ffffffffff i=0 a=0", "process.capabilities",
                 "--privileged"},
        FlagCase{"PrivilegedDropOne",
                 [](R o, S) {
                   o.privileged = true;
                   o.cap_drop.mask = 1;
                 },
                 show_sets, "b=1fffffffffe e=1fffffffffe p=1fffffffffe i=0 a=0"},
        FlagCase{"OrdinaryUser", [](R, S s) { ordinary_user(s); }, show_sets, "b=800405fb e=0 p=0 i=0 a=0"},
        FlagCase{"OrdinaryUserAdded",
                 [](R o, S s) {
                   ordinary_user(s);
                   o.cap_add.mask = kNetBind;
                   o.cap_drop.all = true;
                 },
                 show_sets, "b=400 e=400 p=400 i=400 a=400"},
        FlagCase{"OrdinaryUserPrivileged",
                 [](R o, S s) {
                   ordinary_user(s);
                   o.privileged = true;
                 },
                 show_sets, "b=1ffffffffff e=0 p=0 i=0 a=0"},
        FlagCase{"OrdinaryUserAddAll",
                 [](R o, S s) {
                   ordinary_user(s);
                   o.cap_add.all = true;
                   s.facts.bounding_capabilities = 7;
                 },
                 show_sets, "b=7 e=7 p=7 i=7 a=7"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Files, FlagTest,
    testing::Values(
        FlagCase{"Bind",
                 [](R o, S) {
                   o.mounts = {{.source = "/a", .destination = "/b", .options = {"ro"}, .typed = "-v /a:/b:ro"}};
                 },
                 last_mount, "/a /b bind rbind,ro,rprivate", "mounts[7]", "-v /a:/b:ro"},
        FlagCase{"BindRelative", [](R o, S) { o.mounts = {{.source = "./a/../b", .destination = "/b"}}; }, last_mount,
                 "/home/me/./a/../b /b bind rbind,rprivate"},
        FlagCase{"BindAlone", [](R o, S) { o.mounts = {{.source = "/a", .destination = "/b", .recursive = false}}; },
                 last_mount, "/a /b bind bind,rprivate"},
        FlagCase{"BindSlave", [](R o, S) { o.mounts = {{.source = "/a", .destination = "/b", .options = {"rslave"}}}; },
                 [](C c) { return show(c.mounts.back()) + " " + c.linux_.rootfs_propagation; },
                 "/a /b bind rbind,rslave rslave"},
        FlagCase{"BindShared",
                 [](R o, S) {
                   o.mounts = {{.source = "/a", .destination = "/b", .options = {"slave"}},
                               {.source = "/a", .destination = "/c", .options = {"shared"}}};
                 },
                 [](C c) { return c.linux_.rootfs_propagation; }, "shared"},
        FlagCase{"BindOverlay",
                 [](R o, S) { o.mounts = {{.kind = MountKind::kOverlay, .source = "/a,b", .destination = "/b"}}; },
                 last_mount,
                 "overlay /b overlay lowerdir=/a\\,b,upperdir=/run/caisson/containers/x/overlays/0/upper,"
                 "workdir=/run/caisson/containers/x/overlays/0/work,rprivate"},
        FlagCase{"Tmpfs", [](R o, S) { o.mounts = {{.kind = MountKind::kTmpfs, .destination = "/t"}}; }, last_mount,
                 "tmpfs /t tmpfs nosuid,nodev,noexec,rprivate"},
        FlagCase{"TmpfsExec",
                 [](R o, S) {
                   o.mounts = {{.kind = MountKind::kTmpfs, .destination = "/t", .options = {"exec", "size=1m"}}};
                 },
                 last_mount, "tmpfs /t tmpfs exec,size=1m,nosuid,nodev,rprivate"},
        FlagCase{"TmpfsOfTheUser",
                 [](R o, S s) {
                   ordinary_user(s);
                   o.mounts = {{.kind = MountKind::kTmpfs, .destination = "/t", .change_owner = true}};
                 },
                 last_mount, "tmpfs /t tmpfs nosuid,nodev,noexec,uid=1000,gid=1000,rprivate"},
        FlagCase{"ShmSize",
                 [](R o, S) {
                   o.shm_size_bytes = 1048576;
                   o.typed["shm-size"] = "--shm-size 1m";
                 },
                 last_mount, "shm /dev/shm tmpfs nosuid,noexec,nodev,mode=1777,size=1048576", "mounts[6]",
                 "--shm-size 1m"},
        FlagCase{"IpcHost",
                 [](R o, S) {
                   o.ipc.kind = NamespaceKind::kHost;
                   o.typed["ipc"] = "--ipc host";
                 },
                 last_mount, "/dev/shm /dev/shm bind rbind,nosuid,noexec,nodev,rprivate", "mounts[6]", "--ipc host"},
        FlagCase{"IpcNone", [](R o, S) { o.ipc.kind = NamespaceKind::kNone; }, last_mount,
                 "mqueue /dev/mqueue mqueue nosuid,noexec,nodev"},
        FlagCase{"IpcContainer",
                 [](R o, S s) {
                   o.ipc = {NamespaceKind::kContainer, "a"};
                   s.namespaces[NamespaceType::kIpc] = "/p";
                   s.shm_directory = "/shm";
                 },
                 last_mount, "/shm /dev/shm bind rbind,nosuid,noexec,nodev,rprivate"},
        FlagCase{"ReadOnly",
                 [](R o, S) {
                   o.read_only = true;
                   o.typed["read-only"] = "--read-only";
                 },
                 [](C c) {
                   return fmt::format("{} {} | {}", c.root.readonly, show(c.mounts[c.mounts.size() - 3]),
                                      show(c.mounts.back()));
                 },
                 "true tmpfs /run tmpfs rw,nosuid,nodev,rprivate | tmpfs /var/tmp tmpfs "
                 "rw,nosuid,nodev,rprivate",
                 "root.readonly", "--read-only"},
        FlagCase{"ReadOnlyWithAMountOfTheUsers",
                 [](R o, S) {
                   o.read_only = true;
                   o.mounts = {{.source = "/a", .destination = "/tmp"}};
                 },
                 [](C c) { return fmt::format("{} {}", c.mounts.size(), show(c.mounts[8])); },
                 "10 /a /tmp bind rbind,rprivate"},
        FlagCase{"OverlayRoot",
                 [](R, S s) { s.rootfs = {.path = "/m", .lower = {"/l:1", "/l2"}, .upper = "/u,x", .work = "/w"}; },
                 [](C c) { return c.root.path + " " + show(c.mounts[0]); },
                 "/m overlay / overlay lowerdir=/l\\:1:/l2,upperdir=/u\\,x,workdir=/w"},
        FlagCase{"OverlayRootShiftsOrigins",
                 [](R o, S s) {
                   s.rootfs = {.path = "/m", .lower = {"/l"}, .upper = "/u", .work = "/w"};
                   o.mounts = {{.source = "/a", .destination = "/b", .typed = "-v /a:/b"}};
                 },
                 last_mount, "/a /b bind rbind,rprivate", "mounts[8]", "-v /a:/b"},
        FlagCase{"GeneratedFiles",
                 [](R, S s) {
                   s.hosts_file = "/g/hosts";
                   s.resolv_conf_file = "/g/resolv.conf";
                   s.hostname_file = "/g/hostname";
                 },
                 [](C c) { return fmt::format("{} {}", c.mounts.size(), show(c.mounts[7])); },
                 "10 /g/hosts /etc/hosts bind bind,nosuid,noexec,nodev,rprivate"},
        FlagCase{"GeneratedFileReplaced",
                 [](R o, S s) {
                   s.hosts_file = "/g/hosts";
                   o.mounts = {{.source = "/mine", .destination = "/etc/hosts"}};
                 },
                 [](C c) { return fmt::format("{} {}", c.mounts.size(), show(c.mounts.back())); },
                 "8 /mine /etc/hosts bind rbind,rprivate"},
        FlagCase{"DefaultReplaced", [](R o, S) { o.mounts = {{.source = "/mine", .destination = "/dev/shm"}}; },
                 [](C c) { return fmt::format("{} {}", c.mounts.size(), show(c.mounts.back())); },
                 "7 /mine /dev/shm bind rbind,rprivate"},
        FlagCase{"WholeDevReplaced", [](R o, S) { o.mounts = {{.source = "/dev", .destination = "/dev"}}; },
                 [](C c) { return fmt::format("{} {}", c.mounts.size(), show(c.mounts.back())); },
                 "4 /dev /dev bind rbind,rprivate"},
        FlagCase{"NearerToTheRootFirst",
                 [](R o, S s) {
                   s.hosts_file = "/g/hosts";
                   o.mounts = {{.source = "/1", .destination = "/a/b/c"},
                               {.source = "/2", .destination = "/etc"},
                               {.source = "/3", .destination = "/a"},
                               {.source = "/4", .destination = "/a/b"}};
                 },
                 [](C c) {
                   std::string order;
                   for (std::size_t i = 7; i < c.mounts.size(); ++i) order += c.mounts[i].destination + " ";
                   return order;
                 },
                 "/etc /a /etc/hosts /a/b /a/b/c "},
        FlagCase{"PrivilegedSys", [](R o, S) { o.privileged = true; },
                 [](C c) { return show(c.mounts[3]) + " " + show(c.mounts[4]); },
                 "sysfs /sys sysfs nosuid,noexec,nodev,rw cgroup /sys/fs/cgroup cgroup "
                 "nosuid,noexec,nodev,relatime,rw,rprivate"}),
    [](const auto& row) { return row.param.name; });

std::string show_paths(C c) {
  return fmt::format("{} {}", c.linux_.masked_paths.size(), c.linux_.readonly_paths.size());
}

INSTANTIATE_TEST_SUITE_P(
    Isolation, FlagTest,
    testing::Values(
        FlagCase{"Hosts",
                 [](R o, S) {
                   for (auto member : {&RunOptions::network, &RunOptions::pid, &RunOptions::ipc, &RunOptions::uts,
                                       &RunOptions::cgroupns})
                     (o.*member).kind = NamespaceKind::kHost;
                 },
                 show_namespaces, "mount= "},
        FlagCase{"Path",
                 [](R o, S) {
                   o.network = {NamespaceKind::kPath, "/run/netns/x"};
                   o.typed["network"] = "--network ns:/run/netns/x";
                 },
                 show_namespaces, "mount= pid= network=/run/netns/x ipc= uts= cgroup= ", "linux.namespaces[2]",
                 "--network ns:/run/netns/x"},
        FlagCase{"Container",
                 [](R o, S s) {
                   o.pid = {NamespaceKind::kContainer, "a"};
                   s.namespaces[NamespaceType::kPid] = "/proc/7/ns/pid";
                 },
                 show_namespaces, "mount= pid=/proc/7/ns/pid network= ipc= uts= cgroup= "},
        FlagCase{"Hostname",
                 [](R o, S) {
                   o.hostname = "box";
                   o.domainname = "d";
                   o.typed["hostname"] = "-h box";
                 },
                 [](C c) { return c.hostname + " " + c.domainname + " " + c.process.env[2]; }, "box d HOSTNAME=box",
                 "hostname", "-h box"},
        FlagCase{"HostnameOfTheHost", [](R o, S) { o.uts.kind = NamespaceKind::kHost; },
                 [](C c) { return c.hostname + " " + c.process.env[2]; }, " HOSTNAME=host"},
        FlagCase{"HostnameOfAnother", [](R o, S) { o.uts = {NamespaceKind::kPath, "/x"}; },
                 [](C c) { return c.hostname + " " + c.process.env[2]; }, " HOME=/root"},
        FlagCase{"Mask",
                 [](R o, S) {
                   o.security.masked = {"/secret"};
                   o.typed["security-opt"] = "--security-opt mask=/secret";
                 },
                 [](C c) { return c.linux_.masked_paths.back(); }, "/secret", "linux.maskedPaths[12]",
                 "--security-opt mask=/secret"},
        FlagCase{"Unmask", [](R o, S) { o.security.unmasked = {"/proc/acpi", "/proc/sys"}; }, show_paths, "11 5"},
        FlagCase{"UnmaskPattern", [](R o, S) { o.security.unmasked = {"/proc/*"}; }, show_paths, "3 0"},
        FlagCase{"UnmaskAll", [](R o, S) { o.security.unmask_all = true; }, show_paths, "0 0"},
        FlagCase{"PrivilegedPaths", [](R o, S) { o.privileged = true; }, show_paths, "0 0"},
        FlagCase{"PrivilegedMask",
                 [](R o, S) {
                   o.privileged = true;
                   o.security.masked = {"/x"};
                 },
                 show_paths, "1 0"},
        FlagCase{"Sysctl", [](R o, S) { o.sysctls = {{"net.ipv4.ip_forward", "1", "--sysctl net.ipv4.ip_forward=1"}}; },
                 [](C c) { return c.linux_.sysctl.at("net.ipv4.ip_forward"); }, "1", "linux.sysctl.net.ipv4.ip_forward",
                 "--sysctl net.ipv4.ip_forward=1"},
        FlagCase{"SysctlWithSlashes", [](R o, S) { o.sysctls = {{"net/ipv4/conf/eth0.1/forwarding", "1", ""}}; },
                 [](C c) { return c.linux_.sysctl.begin()->first; }, "net.ipv4.conf.eth0/1.forwarding"},
        FlagCase{"SysctlOfIpc",
                 [](R o, S) { o.sysctls = {{"kernel.shmmax", "1", ""}, {"fs.mqueue.msg_max", "2", ""}}; },
                 [](C c) { return std::to_string(c.linux_.sysctl.size()); }, "2"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Limits, FlagTest,
    testing::Values(FlagCase{"Memory",
                             [](R o, S) {
                               o.memory_bytes = 100;
                               o.typed["memory"] = "-m 100";
                             },
                             show_memory, "100 200 0 -9", "linux.resources.memory.limit", "-m 100"},
                    FlagCase{"MemoryGivesSwapItsOrigin",
                             [](R o, S) {
                               o.memory_bytes = 100;
                               o.typed["memory"] = "-m 100";
                             },
                             show_memory, "100 200 0 -9", "linux.resources.memory.swap", "-m 100"},
                    FlagCase{"MemoryZero", [](R o, S) { o.memory_bytes = 0; }, show_memory, "0 0 0 -9"},
                    FlagCase{"MemoryOfMoreThanHalf", [](R o, S) { o.memory_bytes = INT64_MAX - 1; }, show_memory,
                             "9223372036854775806 9223372036854775807 0 -9"},
                    FlagCase{"NoSwap",
                             [](R o, S) {
                               o.memory_bytes = 100;
                               o.memory_swap_bytes = 100;
                               o.typed["memory-swap"] = "--memory-swap 100";
                             },
                             show_memory, "100 100 0 -9", "linux.resources.memory.swap", "--memory-swap 100"},
                    FlagCase{"AnySwap",
                             [](R o, S) {
                               o.memory_bytes = 100;
                               o.memory_swap_bytes = -1;
                             },
                             show_memory, "100 -1 0 -9"},
                    FlagCase{"Reservation", [](R o, S) { o.memory_reservation_bytes = 50; }, show_memory, "0 0 50 -9"},
                    FlagCase{"Swappiness", [](R o, S) { o.memory_swappiness = 0; }, show_memory, "0 0 0 0"},
                    FlagCase{"SwappinessAsItIs", [](R o, S) { o.memory_swappiness = -1; }, show_memory, "0 0 0 -9"},
                    FlagCase{"Cpus",
                             [](R o, S) {
                               o.nano_cpus = 1500000000;
                               o.typed["cpus"] = "--cpus 1.5";
                             },
                             show_cpu, "0 150000 100000  ", "linux.resources.cpu.quota", "--cpus 1.5"},
                    FlagCase{"CpusZero",
                             [](R o, S) {
                               o.nano_cpus = 0;
                               o.cpu_quota_us = 5;
                             },
                             show_cpu, "0 5 0  "},
                    FlagCase{"CpuRest",
                             [](R o, S) {
                               o.cpu_shares = 2;
                               o.cpu_quota_us = 3;
                               o.cpu_period_us = 4;
                               o.cpuset_cpus = "0-1";
                               o.cpuset_mems = "0";
                             },
                             show_cpu, "2 3 4 0-1 0"},
                    FlagCase{"PidsLimit", [](R o, S) { o.pids_limit = 5; },
                             [](C c) { return std::to_string(*c.linux_.resources.pids_limit); }, "5"},
                    FlagCase{"NoPidsLimit", [](R o, S) { o.pids_limit = 0; },
                             [](C c) { return std::to_string(*c.linux_.resources.pids_limit); }, "-1"},
                    FlagCase{"BlkioWeight",
                             [](R o, S) {
                               o.blkio_weight = 10;
                               o.typed["blkio-weight"] = "--blkio-weight 10";
                             },
                             [](C c) { return std::to_string(*c.linux_.resources.block_io.weight); }, "10",
                             "linux.resources.blockIO.weight", "--blkio-weight 10"},
                    FlagCase{"CgroupParent", [](R o, S) { o.cgroup_parent = "a/../b/"; },
                             [](C c) { return c.linux_.cgroups_path; }, "/b/" + kId},
                    FlagCase{"CgroupParentCannotLeaveTheTop", [](R o, S) { o.cgroup_parent = "../.."; },
                             [](C c) { return c.linux_.cgroups_path; }, "/" + kId}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace caisson::engine
