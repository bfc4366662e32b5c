#include "spec/validate.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/capability.h"

namespace caisson::spec {
namespace {

Config sound() {
  Config config;
  config.root.path = "rootfs";
  config.process.args = {"sh"};
  return config;
}

struct ValidationCase {
  const char* name;
  std::function<void(Config&)> change;
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
};
void PrintTo(const ValidationCase& row, std::ostream* out) { *out << row.name; }

void own(Config& config, NamespaceType type) { config.linux_.namespaces.push_back({.type = type}); }
void joined(Config& config, NamespaceType type) {
  config.linux_.namespaces.push_back({.type = type, .path = "/proc/7/ns/x"});
}
void user_namespace(Config& config) {
  own(config, NamespaceType::kUser);
  config.linux_.uid_mappings = {{0, 1000, 10}};
  config.linux_.gid_mappings = {{0, 1000, 10}};
}
auto sysctl(const char* name) {
  return [name](Config& config) { config.linux_.sysctl[name] = "1"; };
}
auto mount(Mount entry) {
  return [entry](Config& config) { config.mounts = {entry}; };
}

const ValidationCase kCases[] = {
    {"sound", [](Config&) {}, {}, {}},
    {"no_root", [](Config& c) { c.root.path = ""; }, {"/root/path: missing"}, {}},
    {"root_by_mount",
     [](Config& c) {
       c.root.path = "";
       c.mounts = {{.destination = "/", .type = "overlay"}};
     },
     {},
     {}},
    {"empty_command",
     [](Config& c) { c.process.args = {""}; },
     {"/process/args/0: empty: there is nothing to run"},
     {}},
    {"cwd", [](Config& c) { c.process.cwd = ""; }, {"/process/cwd: '' is not an absolute path"}, {}},
    {"env",
     [](Config& c) { c.process.env = {"A=", "B", "=C", "", "D=="}; },
     {"/process/env/1: 'B' is not NAME=VALUE", "/process/env/2: '=C' is not NAME=VALUE",
      "/process/env/3: '' is not NAME=VALUE"},
     {}},
    {"oom_score",
     [](Config& c) { c.process.oom_score_adj = -1001; },
     {"/process/oomScoreAdj: -1001 is not from -1000 to 1000"},
     {}},
    {"umask",
     [](Config& c) { c.process.user.umask = 01000; },
     {"/process/user/umask: 512 (01000) is not from 0 to 511 (0777)"},
     {}},
    {"uid_minus_one",
     [](Config& c) { c.process.user.uid = 0xffffffff; },
     {"/process/user/uid: 4294967295 is nobody's number"},
     {}},
    {"limit_unknown",
     [](Config& c) { c.process.rlimits = {{"RLIMIT_NOFILES", 1, 1}}; },
     {"/process/rlimits/0/type: unknown limit 'RLIMIT_NOFILES'"},
     {}},
    {"limit_twice",
     [](Config& c) { c.process.rlimits = {{"RLIMIT_CORE", 1, 1}, {"RLIMIT_CORE", 2, 2}}; },
     {"/process/rlimits/1/type: RLIMIT_CORE is there twice"},
     {}},
    {"limit_soft_above_hard",
     [](Config& c) { c.process.rlimits = {{"RLIMIT_CORE", 2, 1}}; },
     {"/process/rlimits/0/soft: 2 is above the hard limit of 1"},
     {}},
    {"effective_without_permitted",
     [](Config& c) { c.process.capabilities = {.effective = capability_bit(5)}; },
     {"/process/capabilities/effective: CAP_KILL not in permitted"},
     {}},
    {"ambient_alone", [](Config& c) { c.process.capabilities = {.permitted = 1, .ambient = 1}; }, {}, {}},
    {"scheduler",
     [](Config& c) {
       c.process.scheduler = Scheduler{.policy = "SCHED_BATCH", .nice = 20, .priority = 1, .flags = {"X"}, .period = 5};
     },
     {"/process/scheduler/nice: 20 is not from -20 to 19",
      "/process/scheduler/priority: only SCHED_FIFO and SCHED_RR have one",
      "/process/scheduler/period: only SCHED_DEADLINE has one", "/process/scheduler/flags/0: unknown flag 'X'"},
     {}},
    {"scheduler_policy",
     [](Config& c) { c.process.scheduler = Scheduler{.policy = "SCHED_IDEL"}; },
     {"/process/scheduler/policy: unknown policy 'SCHED_IDEL': did you mean 'SCHED_IDLE'?"},
     {}},
    {"scheduler_fine",
     [](Config& c) {
       c.process.scheduler = Scheduler{.policy = "SCHED_RR", .priority = 99, .flags = {"SCHED_FLAG_RECLAIM"}};
     },
     {},
     {}},
    {"io_priority",
     [](Config& c) { c.process.io_priority = IoPriority{"IOPRIO_CLASS_XX", 8}; },
     {"/process/ioPriority/class: unknown class 'IOPRIO_CLASS_XX': did you mean 'IOPRIO_CLASS_RT'?",
      "/process/ioPriority/priority: 8 is not from 0 to 7"},
     {}},
    {"cpu_affinity",
     [](Config& c) { c.process.exec_cpu_affinity = CpuAffinity{"0-3, 7,", "3-1"}; },
     {"/process/execCPUAffinity/final: '3-1' is not a list of processors as in \"0-3,5\""},
     {}},
    {"cpu_affinity_beyond",
     [](Config& c) { c.process.exec_cpu_affinity = CpuAffinity{"8191", "8192"}; },
     {"/process/execCPUAffinity/final: '8192' is not a list of processors as in \"0-3,5\""},
     {}},
    {"personality",
     [](Config& c) { c.linux_.personality = Personality{"LINUX64", {"A"}}; },
     {"/linux/personality/domain: unknown domain 'LINUX64': did you mean 'LINUX'?"},
     {"/linux/personality/flags: no flags are known: these are not used"}},
    {"memory_policy",
     [](Config& c) {
       c.linux_.memory_policy = MemoryPolicy{"MPOL_LOCAL", "0", {"MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"}};
     },
     {"/linux/memoryPolicy/flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other",
      "/linux/memoryPolicy/nodes: MPOL_LOCAL takes none"},
     {}},
    {"memory_policy_nodes",
     [](Config& c) { c.linux_.memory_policy = MemoryPolicy{"MPOL_BIND", "1024", {}}; },
     {"/linux/memoryPolicy/nodes: invalid memory policy node: '1024' is not a list of nodes as in \"0-3,5\""},
     {}},
    {"memory_policy_needs_nodes",
     [](Config& c) { c.linux_.memory_policy = MemoryPolicy{"MPOL_INTERLEAVE", " ", {}}; },
     {"/linux/memoryPolicy/nodes: missing: MPOL_INTERLEAVE needs one at least"},
     {}},
    {"memory_policy_mode",
     [](Config& c) { c.linux_.memory_policy = MemoryPolicy{"INTERLEAVE", "0", {}}; },
     {"/linux/memoryPolicy/mode: invalid memory policy mode: unknown mode 'INTERLEAVE'"},
     {}},
    {"time_offsets_without",
     [](Config& c) { c.linux_.time_offsets["monotonic"] = {1, 0}; },
     {"/linux/timeOffsets: set, but the container has no time namespace"},
     {}},
    {"time_offsets_joined",
     [](Config& c) {
       c.linux_.namespaces.push_back({NamespaceType::kTime, "/proc/1/ns/time"});
       c.linux_.time_offsets["boottime"] = {1, 0};
     },
     {"/linux/timeOffsets: set, but the time namespace is joined: its clocks are what they are"},
     {}},
    {"time_offsets",
     [](Config& c) {
       c.linux_.namespaces.push_back({NamespaceType::kTime, ""});
       c.linux_.time_offsets["realtime"] = {1, 1'000'000'000};
     },
     {"/linux/timeOffsets/realtime: no clock of a time namespace: those are monotonic and boottime",
      "/linux/timeOffsets/realtime/nanosecs: 1000000000 is a second or more"},
     {}},
    {"landlock",
     [](Config& c) {
       c.annotations = {{"caisson.landlock.read", "/etc:usr:/a/../b"}, {"caisson.landlock.reed", "/"}, {"x", "y"}};
     },
     {"/annotations/caisson.landlock.read: 'usr' is not an absolute path without '..'",
      "/annotations/caisson.landlock.read: '/a/../b' is not an absolute path without '..'",
      "/annotations/caisson.landlock.reed: no such rights: there are read, execute and write"},
     {}},

    {"mount_relative",
     mount({.destination = "a", .type = "tmpfs"}),
     {"/mounts/0/destination: 'a' is not an absolute path"},
     {}},
    {"mount_without_type",
     mount({.destination = "/a", .source = "/b"}),
     {"/mounts/0/type: missing, and there is no option bind or rbind"},
     {}},
    {"mount_bind", mount({.destination = "/a", .source = "/b", .options = {"ro", "rbind"}}), {}, {}},
    {"mount_bind_without_source",
     mount({.destination = "/a", .options = {"bind"}}),
     {"/mounts/0/source: missing: a bind mount needs one"},
     {}},
    {"mount_bind_by_type", mount({.destination = "/a", .type = "bind", .source = "/b"}), {}, {}},
    {"mount_id_mapped",
     mount({.destination = "/a", .source = "/b", .options = {"bind"}, .uid_mappings = {{0, 1, 1}}}),
     {"/mounts/0/gidMappings: missing: there is uidMappings"},
     {}},
    {"mount_id_mapped_badly",
     mount({.destination = "/a",
            .source = "/b",
            .options = {"bind"},
            .uid_mappings = {{0, 1, 0}},
            .gid_mappings = {{0, 1, 2}, {1, 8, 2}}}),
     {"/mounts/0/uidMappings/0/size: 0: maps nothing", "/mounts/0/gidMappings/1: overlaps entry 0"},
     {}},
    {"mount_id_mapped_well",
     mount({.destination = "/a",
            .source = "/b",
            .options = {"bind"},
            .uid_mappings = {{0, 1, 1}},
            .gid_mappings = {{0, 1, 1}}}),
     {},
     {}},
    {"mount_bind_by_type_without_source",
     mount({.destination = "/a", .type = "bind"}),
     {"/mounts/0/source: missing: a bind mount needs one"},
     {}},

    {"net_devices",
     [](Config& c) {
       own(c, NamespaceType::kNetwork);
       c.linux_.net_devices = {{"eth0", {}}, {"eth1", {"eth%d"}}, {"eth2", {"eth%d"}}};
     },
     {},
     {}},
    {"net_devices_of_the_host",
     [](Config& c) { c.linux_.net_devices = {{"eth0", {}}}; },
     {"/linux/netDevices: set, but the container has no network namespace: they would stay the host's"},
     {}},
    {"net_devices_badly_named",
     [](Config& c) {
       own(c, NamespaceType::kNetwork);
       c.linux_.net_devices = {
           {"a/b", {}}, {"eth%d", {"x"}}, {"lan", {"sixteen-letters!"}}, {"wan", {"w%dx%d"}}, {"z", {"x"}}};
     },
     {"/linux/netDevices/a~1b: 'a/b' is not the name of a network device",
      "/linux/netDevices/a~1b/name: 'a/b' is not the name of a network device",
      "/linux/netDevices/eth%d: 'eth%d' is not the name of a network device",
      "/linux/netDevices/lan/name: 'sixteen-letters!' is not the name of a network device",
      "/linux/netDevices/wan/name: 'w%dx%d' is not the name of a network device",
      "/linux/netDevices/z/name: x is the name of another device as well"},
     {}},
    {"rdt",
     [](Config& c) { c.linux_.intel_rdt = {.clos_id = "/", .l3_cache_schema = "L3:0=f", .mem_bw_schema = "MB:0=10"}; },
     {},
     {}},
    {"rdt_wrong",
     [](Config& c) {
       c.linux_.intel_rdt = {.clos_id = "../a", .mem_bw_schema = "L3:0=f\nMB:0=1", .schemata = {"L3:0=f", "x"}};
     },
     {"/linux/intelRdt/closID: '../a' is not the name of a directory",
      "/linux/intelRdt/memBwSchema: 'L3:0=f\nMB:0=1' does not begin with MB:",
      "/linux/intelRdt/memBwSchema: has more than one line",
      "/linux/intelRdt/schemata/1: 'x' is not a line as in \"L3:0=ff\""},
     {}},
    {"rdt_reserved",
     [](Config& c) { c.linux_.intel_rdt = {.clos_id = "mon_groups"}; },
     {"/linux/intelRdt/closID: 'mon_groups' is a directory of the file system's own"},
     {}},

    {"hostname_of_the_host",
     [](Config& c) {
       c.hostname = "x";
       c.domainname = "y";
     },
     {"/hostname: set, but the container has no uts namespace: it would be the host's",
      "/domainname: set, but the container has no uts namespace: it would be the host's"},
     {}},
    {"hostname_joined",
     [](Config& c) {
       c.hostname = "x";
       joined(c, NamespaceType::kUts);
     },
     {},
     {}},
    {"hostname_too_long",
     [](Config& c) {
       c.hostname = std::string(65, 'x');
       own(c, NamespaceType::kUts);
     },
     {"/hostname: longer than 64 bytes"},
     {}},

    {"namespace_path",
     [](Config& c) { c.linux_.namespaces = {{NamespaceType::kPid, "proc/1/ns/pid"}}; },
     {"/linux/namespaces/0/path: 'proc/1/ns/pid' is not an absolute path"},
     {}},
    {"user_namespace", user_namespace, {}, {}},
    {"maps_without_user_namespace",
     [](Config& c) { c.linux_.uid_mappings = c.linux_.gid_mappings = {{0, 0, 1}}; },
     {"/linux/uidMappings: set, but the container has no user namespace",
      "/linux/gidMappings: set, but the container has no user namespace"},
     {}},
    {"user_namespace_without_maps",
     [](Config& c) { own(c, NamespaceType::kUser); },
     {"/linux/uidMappings: missing: a new user namespace needs it",
      "/linux/gidMappings: missing: a new user namespace needs it"},
     {}},
    {"joined_user_namespace_with_maps",
     [](Config& c) {
       joined(c, NamespaceType::kUser);
       c.linux_.uid_mappings = {{0, 0, 1}};
     },
     {},
     {"/linux/uidMappings: the maps of a user namespace that is joined are what they are: these are not used"}},
    {"map_empty",
     [](Config& c) {
       user_namespace(c);
       c.linux_.uid_mappings.push_back({20, 30, 0});
     },
     {"/linux/uidMappings/1/size: 0: maps nothing"},
     {}},
    {"map_too_far",
     [](Config& c) {
       user_namespace(c);
       c.linux_.gid_mappings.push_back({0xfffffff0, 70000, 17});
     },
     {"/linux/gidMappings/1: goes beyond the last id"},
     {}},
    {"map_overlaps_inside",
     [](Config& c) {
       user_namespace(c);
       c.linux_.uid_mappings.push_back({9, 5000, 1});
     },
     {"/linux/uidMappings/1: overlaps entry 0"},
     {}},
    {"map_overlaps_outside",
     [](Config& c) {
       user_namespace(c);
       c.linux_.uid_mappings.push_back({10, 1009, 1});
     },
     {"/linux/uidMappings/1: overlaps entry 0"},
     {}},
    {"map_adjacent",
     [](Config& c) {
       user_namespace(c);
       c.linux_.uid_mappings.push_back({10, 1010, 1});
     },
     {},
     {}},
    {"ids_not_mapped",
     [](Config& c) {
       user_namespace(c);
       c.process.user = {.uid = 10, .gid = 11, .additional_gids = {1, 12}};
     },
     {"/process/user/uid: cannot setuid to unmapped uid 10 in user namespace",
      "/process/user/gid: cannot setgid to unmapped gid 11 in user namespace",
      "/process/user/additionalGids/1: cannot setgid to unmapped gid 12 in user namespace"},
     {}},

    {"sysctl_net_of_the_host",
     sysctl("net.core.somaxconn"),
     {"/linux/sysctl/net.core.somaxconn: belongs to the network namespace, and the container has the host's network "
      "namespace"},
     {}},
    {"sysctl_net",
     [](Config& c) {
       own(c, NamespaceType::kNetwork);
       sysctl("net/ipv4/conf/eth0.1/forwarding")(c);
     },
     {},
     {}},
    {"sysctl_ipc_of_the_host",
     sysctl("kernel.shmmax"),
     {"/linux/sysctl/kernel.shmmax: belongs to the ipc namespace, and the container has the host's ipc namespace"},
     {}},
    {"sysctl_ipc",
     [](Config& c) {
       own(c, NamespaceType::kIpc);
       sysctl("fs.mqueue.msg_max")(c);
       sysctl("kernel.sem")(c);
     },
     {},
     {}},
    {"sysctl_global",
     [](Config& c) {
       own(c, NamespaceType::kIpc);
       sysctl("kernel.core_pattern")(c);
     },
     {"/linux/sysctl/kernel.core_pattern: belongs to no namespace: it would be set for the whole host"},
     {}},
    {"sysctl_hostname", sysctl("kernel.hostname"), {"/linux/sysctl/kernel.hostname: is set by the key hostname"}, {}},
    {"sysctl_domainname",
     [](Config& c) {
       own(c, NamespaceType::kUts);
       sysctl("kernel.domainname")(c);
     },
     {},
     {}},
    {"sysctl_user",
     sysctl("user.max_user_namespaces"),
     {"/linux/sysctl/user.max_user_namespaces: belongs to the user namespace, and the container has the host's user "
      "namespace"},
     {}},
    {"sysctl_upwards",
     [](Config& c) {
       own(c, NamespaceType::kNetwork);
       sysctl("net/../kernel/core_pattern")(c);
     },
     {"/linux/sysctl/net~1..~1kernel~1core_pattern: not the name of a kernel parameter"},
     {}},
    {"sysctl_upwards_behind_a_dot",
     [](Config& c) {
       own(c, NamespaceType::kNetwork);
       sysctl("net.x/../../kernel/core_pattern")(c);
     },
     {"/linux/sysctl/net.x~1..~1..~1kernel~1core_pattern: not the name of a kernel parameter"},
     {}},

    {"device_path",
     [](Config& c) { c.linux_.devices = {{.path = "dev/x"}, {.path = "/dev/../x"}}; },
     {"/linux/devices/0/path: 'dev/x' is not an absolute path without '..'",
      "/linux/devices/1/path: '/dev/../x' is not an absolute path without '..'"},
     {}},
    {"device_twice",
     [](Config& c) { c.linux_.devices = {{.path = "/dev/x"}, {.path = "/dev/x"}}; },
     {"/linux/devices/1/path: /dev/x is there twice"},
     {}},
    {"device_numbers",
     [](Config& c) { c.linux_.devices = {{.path = "/dev/x", .major = 4096, .minor = -1, .file_mode = 0200000}}; },
     {"/linux/devices/0/major: 4096 is not from 0 to 4095", "/linux/devices/0/minor: -1 is not from 0 to 1048575",
      "/linux/devices/0/fileMode: 65536 is more than the permissions of a file (4095)"},
     {}},
    {"masked_relative",
     [](Config& c) {
       c.linux_.masked_paths = {"/proc/kcore", "proc/keys"};
       c.linux_.readonly_paths = {""};
     },
     {"/linux/maskedPaths/1: 'proc/keys' is not an absolute path",
      "/linux/readonlyPaths/0: '' is not an absolute path"},
     {}},
    {"cgroup_upwards",
     [](Config& c) { c.linux_.cgroups_path = "/a/../../b"; },
     {"/linux/cgroupsPath: '/a/../../b' may not lead upwards"},
     {}},
    {"cgroup_dots_in_names", [](Config& c) { c.linux_.cgroups_path = "/a..b/...c"; }, {}, {}},
    {"propagation",
     [](Config& c) { c.linux_.rootfs_propagation = "slavish"; },
     {"/linux/rootfsPropagation: 'slavish' is none of private, shared, slave, unbindable"},
     {}},
    {"page_size",
     [](Config& c) {
       c.linux_.resources.hugepage_limits = {{"2MB", 1}, {"02MB", 1}, {"B", 1}, {"2TB", 1}, {"../2MB", 1}};
     },
     {"/linux/resources/hugepageLimits/1/pageSize: '02MB' is not a page size as in \"2MB\"",
      "/linux/resources/hugepageLimits/2/pageSize: 'B' is not a page size as in \"2MB\"",
      "/linux/resources/hugepageLimits/3/pageSize: '2TB' is not a page size as in \"2MB\"",
      "/linux/resources/hugepageLimits/4/pageSize: '../2MB' is not a page size as in \"2MB\""},
     {}},
    {"device_rule",
     [](Config& c) { c.linux_.resources.devices = {{.major = -2, .minor = -2, .access = "rx"}}; },
     {"/linux/resources/devices/0/access: 'rx' is not made of r, w, m", "/linux/resources/devices/0/major: below 0",
      "/linux/resources/devices/0/minor: below 0"},
     {}},
    {"memory_negative",
     [](Config& c) { c.linux_.resources.memory = {.limit = -1, .swap = -2}; },
     {"/linux/resources/memory/swap: -2 is below -1, which means no limit"},
     {}},
    {"unified",
     [](Config& c) { c.linux_.resources.unified = {{"../x", "1"}}; },
     {"/linux/resources/unified/..~1x: not the name of a cgroup file"},
     {}},
    {"seccomp",
     [](Config& c) {
       c.linux_.seccomp = Seccomp{.default_action = SeccompAction::kErrno,
                                  .default_errno_ret = 38,
                                  .architectures = {"SCMP_ARCH_X86"},
                                  .flags = {{"SECCOMP_FILTER_FLAG_LOG"}},
                                  .listener_path = "/run/agent",
                                  .listener_metadata = "x",
                                  .syscalls = {{{"mkdir"}, SeccompAction::kNotify, {}, {{5, 1}}},
                                               {{"read"}, SeccompAction::kTrace, 0xffff, {}}}};
     },
     {},
     {}},
    {"seccomp_returns",
     [](Config& c) {
       c.linux_.seccomp = Seccomp{.default_action = SeccompAction::kAllow,
                                  .default_errno_ret = 1,
                                  .syscalls = {{{"read"}, SeccompAction::kErrno, 4096, {}},
                                               {{"read"}, SeccompAction::kTrace, 0x10000, {}},
                                               {{"read"}, SeccompAction::kLog, 1, {}},
                                               {{}, SeccompAction::kLog, {}, {{6, 1}}}}};
     },
     {"/linux/seccomp/defaultErrnoRet: SCMP_ACT_ALLOW returns nothing: it goes with SCMP_ACT_ERRNO and SCMP_ACT_TRACE",
      "/linux/seccomp/syscalls/0/errnoRet: 4096 is not an error number: the greatest is 4095",
      "/linux/seccomp/syscalls/1/errnoRet: 65536 is more than the 16 bits that a tracer is told",
      "/linux/seccomp/syscalls/2/errnoRet: SCMP_ACT_LOG returns nothing: it goes with SCMP_ACT_ERRNO and "
      "SCMP_ACT_TRACE",
      "/linux/seccomp/syscalls/3/names: empty: a rule is about at least one call",
      "/linux/seccomp/syscalls/3/args/0/index: 6 is not from 0 to 5"},
     {}},
    {"seccomp_listener",
     [](Config& c) {
       c.linux_.seccomp = Seccomp{.default_action = SeccompAction::kNotify,
                                  .flags = {{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"}},
                                  .listener_metadata = "x",
                                  .syscalls = {{{"sendmsg", "read"}, SeccompAction::kNotify, {}, {}}}};
     },
     {"/linux/seccomp/defaultAction: SCMP_ACT_NOTIFY: nobody would answer the calls that hand the listener over",
      "/linux/seccomp/syscalls/0/action: SCMP_ACT_NOTIFY cannot be used for the sendmsg syscall: it is what hands the "
      "listener over",
      "/linux/seccomp/listenerPath: missing: SCMP_ACT_NOTIFY needs somebody who is notified",
      "/linux/seccomp/listenerMetadata: set, but there is no listenerPath to send it to"},
     {}},
    {"seccomp_waits_for_nobody",
     [](Config& c) {
       c.linux_.seccomp = Seccomp{.flags = {{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"}}, .listener_path = "agent"};
     },
     {"/linux/seccomp/flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV is about calls with SCMP_ACT_NOTIFY, and there are "
      "none",
      "/linux/seccomp/listenerPath: 'agent' is not an absolute path"},
     {}},
    {"annotation", [](Config& c) { c.annotations = {{"", "x"}}; }, {"/annotations: a key is empty"}, {}},
};

class Validation : public testing::TestWithParam<ValidationCase> {};
TEST_P(Validation, FindsIt) {
  Config config = sound();
  GetParam().change(config);
  const auto lines = [](const std::vector<Problem>& problems) {
    std::vector<std::string> out;
    for (const Problem& problem : problems) out.push_back(problem.line());
    return out;
  };
  const Findings findings = validate(config);
  EXPECT_EQ(lines(findings.errors), GetParam().errors);
  EXPECT_EQ(lines(findings.warnings), GetParam().warnings);
}
INSTANTIATE_TEST_SUITE_P(Cases, Validation, testing::ValuesIn(kCases),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Validation, IsQuickForManyMappings) {
  Config config = sound();
  own(config, NamespaceType::kUser);
  for (std::uint32_t i = 0; i < 100'000; ++i) config.linux_.uid_mappings.push_back({i, i, 1});
  config.linux_.gid_mappings = {{0, 0, 1}};
  ASSERT_EQ(validate(config).errors.size(), 1U);
  EXPECT_EQ(validate(config).errors[0].line(), "/linux/uidMappings: more than 340 entries");
}

}  // namespace
}  // namespace caisson::spec
