// Every row of the table of hints has a case here: a failure that leads to it, and the words that come out.
#include "explain/hints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <set>

namespace caisson::explain {
namespace {

using plan::Call;
using plan::Failure;
using plan::Lane;
using plan::Plan;
using Texts = std::vector<std::string>;

constexpr std::uint64_t kAll = ~std::uint64_t{0};

// A host on which root may do everything: cgroup v1 with some controllers.
HostFacts host() {
  HostFacts facts;
  facts.effective_capabilities = facts.bounding_capabilities = kAll;
  facts.cgroup_mode = CgroupMode::kV1;
  for (const char* name : {"memory", "cpu", "cpuset", "pids", "blkio", "devices"}) {
    facts.hierarchies.push_back({.path = std::string("/sys/fs/cgroup/") + name, .controllers = {name}});
  }
  facts.limits["RLIMIT_NOFILE"] = {.soft = 1024, .hard = 4096};
  return facts;
}

HostFacts ordinary_user() {
  HostFacts facts = host();
  facts.effective_uid = 1000;
  facts.effective_capabilities = 0;
  return facts;
}

HostFacts with_sysctl(HostFacts facts, const std::string& name, const std::string& value) {
  facts.sysctls[name] = value;
  return facts;
}

HostFacts unified(HostFacts facts) {
  facts.hierarchies = {{.path = "/sys/fs/cgroup", .controllers = {"memory", "cpu", "pids", "io"}, .unified = true}};
  return facts;
}

// --- steps ---------------------------------------------------------------------------------------------------------

void child(Plan& p, const plan::Action& action) { p.append(Lane::kChild, "item", "", action); }

// A new user namespace with users and groups 0 to 9.
plan::Slot tree(Plan& p, std::string_view source) {
  const plan::Slot slot = p.new_slot(source);
  p.append(Lane::kParent, "", "", plan::OpenTree{.source = p.add(source), .slot = slot});
  return slot;
}

void user_namespace(Plan& p, bool deny_setgroups = false) {
  const plan::Slot pid = p.new_slot("pid");
  p.append(Lane::kParent, "", "", plan::Spawn{.flags = CLONE_NEWUSER, .pid = pid});
  p.append(Lane::kParent, "", "",
           plan::MapIds{.pid = pid,
                        .uid_map = p.add("0 1000 10\n"),
                        .gid_map = p.add("0 1000 10\n"),
                        .deny_setgroups = deny_setgroups});
}

std::function<void(Plan&)> clone(std::uint64_t flags) {
  return [=](Plan& p) { child(p, plan::Spawn{.flags = flags}); };
}
std::function<void(Plan&)> write(const std::string& path, const std::string& value) {
  return [=](Plan& p) { child(p, plan::WriteFile{.path = p.add(path), .value = p.add(value)}); };
}
void hook(Plan& p) { child(p, plan::RunHook{.path = p.add("/hook")}); }
std::function<void(Plan&)> open_file(const std::string& path) {
  return [=](Plan& p) { child(p, plan::OpenFile{.path = p.add(path), .slot = p.new_slot("file")}); };
}
std::function<void(Plan&)> open_tree(const std::string& path) {
  return [=](Plan& p) { child(p, plan::OpenTree{.source = p.add(path), .slot = p.new_slot("tree")}); };
}
std::function<void(Plan&)> copied_up(const std::string& target) {
  return [=](Plan& p) { child(p, plan::Mount{.tree = p.new_slot("tree"), .target = p.add(target), .copy_up = true}); };
}
std::function<void(Plan&)> part_of_tree(const std::string& path, const std::string& below) {
  return [=](Plan& p) {
    child(p, plan::OpenTree{.source = p.add(path), .slot = p.new_slot("tree"), .below = p.add(below)});
  };
}
std::function<void(Plan&)> join(std::uint64_t flags) {
  return [=](Plan& p) {
    const plan::Slot slot = p.new_slot("namespace");
    p.append(Lane::kParent, "", "", plan::OpenFile{.path = p.add("/run/ns/a"), .slot = slot});
    child(p, plan::JoinNamespace{.flags = flags, .descriptor = slot});
  };
}
std::function<void(Plan&)> new_mount(const std::string& type, const Texts& options = {},
                                     bool in_user_namespace = false) {
  return [=](Plan& p) {
    if (in_user_namespace) user_namespace(p);
    child(p, plan::Mount{.type = p.add(type), .target = p.add("/there"), .options = p.add(options)});
  };
}
void bind(Plan& p) {
  const plan::Slot slot = p.new_slot("tree");
  p.append(Lane::kParent, "", "", plan::OpenTree{.source = p.add("/srv/data"), .slot = slot});
  child(p, plan::Mount{.tree = slot, .target = p.add("/there")});
}
std::function<void(Plan&)> clearing_bind(std::uint64_t clear) {
  return [=](Plan& p) {
    const plan::Slot slot = tree(p, "/srv/data");
    child(p, plan::Mount{.tree = slot, .target = p.add("/there"), .clear = clear});
  };
}
void network_device(Plan& p) {
  child(p, plan::MoveNetworkDevice{.name = p.add("eth1"), .new_name = p.add("eth0"), .pid = p.new_slot("pid")});
}
void resctrl_group(Plan& p) {
  child(p, plan::JoinResctrlGroup{.directory = p.add("/sys/fs/resctrl/gold"), .pid = p.new_slot("pid")});
}
std::function<void(Plan&)> overlay(const std::string& options) {
  return [=](Plan& p) {
    child(p,
          plan::MountRoot{
              .type = p.add("overlay"), .options = p.add(options), .at = p.add("/root"), .root = p.new_slot("root")});
  };
}
std::function<void(Plan&)> ids(const plan::SetIds& wanted, bool in_user_namespace = false,
                               bool deny_setgroups = false) {
  return [=](Plan& p) {
    if (in_user_namespace) user_namespace(p, deny_setgroups);
    child(p, wanted);
  };
}
void groups(Plan& p) {
  user_namespace(p);
  child(p, plan::SetIds{.groups = p.add(std::vector<std::uint32_t>{4, 20})});
}
std::function<void(Plan&)> attribute(plan::Attribute which) {
  return [=](Plan& p) { child(p, plan::SetAttribute{.attribute = which}); };
}
void nofile(Plan& p) {
  child(p, plan::SetAttribute{
               .attribute = plan::Attribute::kLimit, .which = RLIMIT_NOFILE, .value = 9999, .second = 9999});
}
std::function<void(Plan&)> directory(const std::string& path) {
  return [=](Plan& p) { child(p, plan::ChangeDirectory{.path = p.add(path)}); };
}
void cgroups(Plan& p) {
  child(p, plan::MakeCgroup{.directories = p.add(Texts{"/sys/fs/cgroup/memory/c"}), .first = p.new_slot("memory")});
}
void attach(Plan& p) { child(p, plan::AttachCgroup{.first = p.new_slot("memory"), .count = 1}); }
void enabling(Plan& p) {
  child(p, plan::EnableControllers{.directory = p.add("/sys/fs/cgroup/x"), .controllers = p.add("+memory")});
}
void id_maps(Plan& p) {
  child(p, plan::MapIds{.pid = p.new_slot("pid"), .uid_map = p.add("0 1 2\n"), .gid_map = p.add("0 1 2\n")});
}
void device(Plan& p) {
  child(p, plan::MakeDevice{.path = p.add("/dev/null"), .mode = S_IFCHR | 0666, .major = 1, .minor = 3, .uid = 50});
}
void streams(Plan& p) {
  user_namespace(p);
  child(p, plan::ConnectStreams{.uid = 50});
}
void console(Plan& p) { child(p, plan::Console{.master = p.new_slot("terminal")}); }
void ready(Plan& p) { child(p, plan::Await{plan::Tag::kReady}); }
void limited(Plan& p) {
  p.append(Lane::kParent, "", "",
           plan::WriteFile{.path = p.add("/sys/fs/cgroup/memory/c/memory.limit_in_bytes"), .value = p.add("65536")});
  ready(p);
}

// --- the table -----------------------------------------------------------------------------------------------------

struct HintCase {
  std::string row;
  std::function<void(Plan&)> steps;  ///< the last step of the child's lane fails
  plan::StepFailure what;
  std::string text;  ///< a part of the hint
  HostFacts facts = host();
  std::optional<int> wait_status = std::nullopt;
};

void PrintTo(const HintCase& c, std::ostream* out) { *out << c.row; }

const std::string kMemory = "/sys/fs/cgroup/memory/c/";

const std::vector<HintCase> kCases = {
    {"too_many_open_files",
     open_file("/x"),
     {.call = Call::kOpen, .error = EMFILE},
     "this process has its 4096 descriptors in use"},
    {"too_many_open_files", open_file("/x"), {.call = Call::kOpen, .error = ENFILE}, "fs.file-max"},

    {"userns_switched_off",
     clone(CLONE_NEWUSER),
     {.call = Call::kClone3, .error = ENOSPC},
     "user namespaces are switched off",
     with_sysctl(ordinary_user(), "user.max_user_namespaces", "0")},
    {"userns_for_root_only",
     clone(CLONE_NEWUSER),
     {.call = Call::kClone3, .error = EPERM},
     "kernel.unprivileged_userns_clone=1",
     with_sysctl(ordinary_user(), "kernel.unprivileged_userns_clone", "0")},
    {"userns_confined_by_apparmor",
     [](Plan& p) { child(p, plan::Unshare{CLONE_NEWUSER}); },
     {.call = Call::kUnshare, .error = EACCES},
     "AppArmor keeps ordinary programs",
     with_sysctl(ordinary_user(), "kernel.apparmor_restrict_unprivileged_userns", "1")},
    {"userns_in_chroot",
     clone(CLONE_NEWUSER),
     {.call = Call::kClone3, .error = EPERM},
     "a process in a chroot",
     ordinary_user()},
    {"namespaces_need_privilege",
     clone(CLONE_NEWPID),
     {.call = Call::kClone3, .error = EPERM},
     "without CAP_SYS_ADMIN",
     ordinary_user()},
    {"namespaces_nested_too_deep", clone(CLONE_NEWPID), {.call = Call::kClone3, .error = ENOSPC}, "nested 32 deep"},
    {"no_more_processes",
     clone(CLONE_NEWPID),
     {.call = Call::kClone3, .error = EAGAIN},
     "the pids limit of the cgroup this runs in"},
    {"clone3_filtered", clone(CLONE_NEWPID), {.call = Call::kClone3, .error = ENOSYS}, "seccomp filter hides clone3"},
    {"namespace_unknown_to_kernel",
     clone(CLONE_NEWPID | 0x80),
     {.call = Call::kClone3, .error = EINVAL},
     "one of these namespaces (pid, time)"},
    {"cgroup_takes_no_process",
     clone(CLONE_NEWPID),
     {.call = Call::kClone3, .error = EBUSY},
     "takes no process itself"},

    {"filter_needs_privilege",
     [](Plan& p) { child(p, plan::LoadFilter{}); },
     {.call = Call::kSeccomp, .error = EACCES},
     "--security-opt no-new-privileges"},
    {"filter_flag_unknown",
     [](Plan& p) { child(p, plan::LoadFilter{.flags = 32}); },
     {.call = Call::kSeccomp, .error = EINVAL},
     "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"},
    {"filter_not_in_kernel",
     [](Plan& p) { child(p, plan::LoadFilter{.flags = 4}); },
     {.call = Call::kSeccomp, .error = EINVAL},
     "CONFIG_SECCOMP_FILTER"},
    {"filter_has_listener",
     [](Plan& p) { child(p, plan::LoadFilter{}); },
     {.call = Call::kSeccomp, .error = EBUSY},
     "one filter with a listener"},
    {"filter_no_memory",
     [](Plan& p) { child(p, plan::LoadFilter{}); },
     {.call = Call::kSeccomp, .error = ENOMEM},
     "32768 instructions"},
    {"listener_missing",
     [](Plan& p) { child(p, plan::SendListener{.path = p.add("/run/agent")}); },
     {.call = Call::kConnect, .error = ECONNREFUSED},
     "nobody listens at /run/agent"},
    {"listener_path_long",
     [](Plan& p) { child(p, plan::SendListener{.path = p.add("/run/agent")}); },
     {.call = Call::kConnect, .error = ENAMETOOLONG},
     "107 bytes"},
    {"idmap_needs_newuidmap",
     id_maps,
     {.call = Call::kWrite, .error = EPERM},
     "user 1000 may map only itself",
     ordinary_user()},
    {"newuidmap_refused",
     id_maps,
     {.call = Call::kNewgidmap, .error = EPERM},
     "all these ids have to be user 1000's in /etc/subgid",
     ordinary_user()},
    {"newuidmap_missing", id_maps, {.call = Call::kNewuidmap, .error = ENOENT}, "apt install uidmap", ordinary_user()},
    {"idmap_unsupported",
     [](Plan& p) { child(p, plan::IdMapTree{.tree = tree(p, "/srv/box"), .pid = p.new_slot("pid")}); },
     {.call = Call::kMountSetattr, .error = EINVAL},
     "the file system of /srv/box cannot show other owners"},
    {"overlay_trees_refused",
     [](Plan& p) {
       const plan::Slot layer = tree(p, "/layers/1");
       child(p, plan::MountOverlayRoot{.first_layer = layer, .layers = 1, .writable = tree(p, "/srv/box")});
     },
     {.call = Call::kFsconfig, .error = EINVAL},
     "and /srv/box on a file system that keeps extended attributes"},
    {"idmap_refused_by_apparmor",
     id_maps,
     {.call = Call::kWrite, .error = EPERM},
     "gives it no power",
     with_sysctl(ordinary_user(), "kernel.apparmor_restrict_unprivileged_userns", "1")},
    {"idmap_beyond_own", id_maps, {.call = Call::kWrite, .error = EPERM}, "/proc/self/uid_map"},
    {"idmap_overlaps", id_maps, {.call = Call::kWrite, .error = EINVAL}, "340"},
    {"uid_unmapped",
     ids({.uid = 1000}, true),
     {.call = Call::kSetresuid, .error = EINVAL},
     "user 1000 has no mapping in the container's user namespace, which has 0 to 9"},
    {"gid_unmapped",
     ids({.gid = 50}, true),
     {.call = Call::kSetresgid, .error = EINVAL},
     "group 50 has no mapping in the container's user namespace, which has 0 to 9"},
    {"group_unmapped",
     groups,
     {.call = Call::kSetgroups, .error = EINVAL},
     "one of the additional groups has no mapping"},
    {"id_unmapped_where_joined",
     [](Plan& p) {
       join(CLONE_NEWUSER)(p);
       child(p, plan::SetIds{.uid = 5});
     },
     {.call = Call::kSetresuid, .error = EINVAL},
     "cannot setuid to unmapped uid 5 in user namespace"},
    {"setgroups_denied", ids({}, true, true), {.call = Call::kSetgroups, .error = EPERM}, "mapped only itself"},
    {"setuid_needs_privilege",
     ids({.uid = 5}),
     {.call = Call::kSetresuid, .error = EPERM},
     "CAP_SETUID",
     ordinary_user()},
    {"capability_not_bounding",
     ids({.bounding = 3, .permitted = 3}),
     {.call = Call::kCapset, .error = EPERM},
     "nobody here can have CAP_DAC_OVERRIDE",
     [] {
       HostFacts facts = host();
       facts.bounding_capabilities = 1;
       return facts;
     }()},
    {"bounding_needs_setpcap", ids({}), {.call = Call::kPrctl, .error = EPERM}, "CAP_SETPCAP", ordinary_user()},
    {"ambient_not_held",
     ids({.ambient = 1}),
     {.call = Call::kPrctl, .error = EPERM},
     "permitted and inheritable as well"},
    {"stream_owner_unmapped",
     streams,
     {.call = Call::kChown, .error = EINVAL},
     "user 50 cannot be made the owner of the streams"},

    {"limit_above_hard",
     nofile,
     {.call = Call::kPrlimit, .error = EPERM},
     "the hard limit wanted is 9999, this process has 4096, and raising it needs CAP_SYS_RESOURCE: ask for no more, "
     "--ulimit nofile=4096"},
    {"limit_above_hard",
     nofile,
     {.call = Call::kPrlimit, .error = EPERM},
     "a hard limit of 9999 is more than this process has",
     HostFacts{}},
    {"limit_soft_above_hard", nofile, {.call = Call::kPrlimit, .error = EINVAL}, "the soft limit may not be above"},
    {"keyring_quota",
     attribute(plan::Attribute::kKeyring),
     {.call = Call::kKeyctl, .error = EDQUOT},
     "user 1000 has as many keys as kernel.keys.maxkeys allows, 200",
     with_sysctl(ordinary_user(), "kernel.keys.maxkeys", "200")},
    {"keyring_quota",
     attribute(plan::Attribute::kKeyring),
     {.call = Call::kKeyctl, .error = EDQUOT},
     "kernel.keys.root_maxkeys allows (see"},
    {"keyring_filtered",
     attribute(plan::Attribute::kKeyring),
     {.call = Call::kKeyctl, .error = EPERM},
     "forbids keyrings"},
    {"oom_score_lowered",
     write("/proc/self/oom_score_adj", "-500"),
     {.call = Call::kWrite, .error = EACCES},
     "an oom_score_adj of -500"},
    {"affinity_empty",
     [](Plan& p) { child(p, plan::SetAffinity{.processors = p.add(std::vector<std::uint32_t>{0x30})}); },
     {.call = Call::kSchedSetaffinity, .error = EINVAL},
     "none of the processors 4-5 is there"},
    {"scheduler_with_cpuset",
     [](Plan& p) {
       p.append(Lane::kParent, "", "",
                plan::WriteFile{.path = p.add("/sys/fs/cgroup/cpuset/a/cpuset.cpus"), .value = p.add("0")});
       child(p, plan::SetScheduler{.policy = 6});
     },
     {.call = Call::kSchedSetattr, .error = EPERM},
     "process scheduler can't be used together with AllowedCPUs"},
    {"scheduler_needs_nice",
     [](Plan& p) { child(p, plan::SetScheduler{.policy = 1}); },
     {.call = Call::kSchedSetattr, .error = EPERM},
     "SCHED_FIFO and a nice value below the caller's need CAP_SYS_NICE"},
    {"scheduler_busy",
     [](Plan& p) { child(p, plan::SetScheduler{.policy = 6}); },
     {.call = Call::kSchedSetattr, .error = EBUSY},
     "leave no time for this one"},
    {"scheduler_invalid",
     [](Plan& p) { child(p, plan::SetScheduler{.policy = 1}); },
     {.call = Call::kSchedSetattr, .error = EINVAL},
     "want a priority from 1 to 99"},
    {"io_priority_needs_privilege",
     attribute(plan::Attribute::kIoPriority),
     {.call = Call::kIoprioSet, .error = EPERM},
     "CAP_SYS_NICE"},
    {"memory_policy_unknown",
     [](Plan& p) { child(p, plan::SetMemoryPolicy{.mode = 6}); },
     {.call = Call::kSetMempolicy, .error = EINVAL},
     "this kernel has no MPOL_WEIGHTED_INTERLEAVE"},
    {"memory_policy_no_numa",
     [](Plan& p) { child(p, plan::SetMemoryPolicy{}); },
     {.call = Call::kSetMempolicy, .error = ENOSYS},
     "CONFIG_NUMA"},
    {"time_namespace_filtered",
     [](Plan& p) { child(p, plan::MakeTimeNamespace{}); },
     {.call = Call::kUnshare, .error = EPERM},
     "CAP_SYS_TIME"},
    {"time_namespace_unknown",
     [](Plan& p) { child(p, plan::MakeTimeNamespace{}); },
     {.call = Call::kUnshare, .error = EINVAL},
     "without time namespaces"},
    {"time_offset_range",
     [](Plan& p) { child(p, plan::MakeTimeNamespace{}); },
     {.call = Call::kWrite, .error = ERANGE},
     "may not be before"},
    {"apparmor_off",
     [](Plan& p) { child(p, plan::SetLabel{.label = plan::Label::kAppArmor, .value = p.add("exec a")}); },
     {.call = Call::kWrite, .error = EINVAL},
     "AppArmor is not enabled"},
    {"apparmor_profile_missing",
     [](Plan& p) { child(p, plan::SetLabel{.label = plan::Label::kAppArmor, .value = p.add("exec mine")}); },
     {.call = Call::kWrite, .error = ENOENT},
     "the profile mine is not loaded",
     [] {
       HostFacts facts = host();
       facts.apparmor = true;
       return facts;
     }()},
    {"label_refused",
     [](Plan& p) { child(p, plan::SetLabel{.label = plan::Label::kSelinux, .value = p.add("a:b")}); },
     {.call = Call::kWrite, .error = EINVAL},
     "has no such label"},
    {"label_outside_procfs",
     [](Plan& p) { child(p, plan::SetLabel{.label = plan::Label::kSelinux}); },
     {.call = Call::kVerifyProcfs, .error = EXDEV},
     "has to be a procfs"},
    {"landlock_off",
     [](Plan& p) { child(p, plan::RestrictFiles{}); },
     {.call = Call::kLandlockCreateRuleset, .error = EOPNOTSUPP},
     "this kernel has no Landlock"},
    {"landlock_needs_no_new_privileges",
     [](Plan& p) { child(p, plan::RestrictFiles{}); },
     {.call = Call::kLandlockRestrictSelf, .error = EPERM},
     "process.noNewPrivileges"},
    {"landlock_too_deep",
     [](Plan& p) { child(p, plan::RestrictFiles{}); },
     {.call = Call::kLandlockRestrictSelf, .error = E2BIG},
     "can be nested"},
    {"landlock_path_missing",
     [](Plan& p) { child(p, plan::RestrictFiles{}); },
     {.call = Call::kOpenat2, .error = ENOENT},
     "does not have"},
    {"directory_missing",
     directory("/work"),
     {.call = Call::kChdir, .error = ENOENT},
     "the container has no directory /work"},
    {"directory_is_a_file",
     directory("/etc/passwd"),
     {.call = Call::kMkdir, .error = ENOTDIR},
     "/etc/passwd, or something above it, is a file"},
    {"directory_on_read_only",
     directory("/work"),
     {.call = Call::kMkdir, .error = EROFS},
     "no directory /work and a read-only root filesystem"},
    {"directory_forbidden", directory("/root"), {.call = Call::kChdir, .error = EACCES}, "may not enter /root"},
    {"directory_outside",
     directory("/proc/self/fd/8"),
     {.call = Call::kVerifyInside, .error = EXDEV},
     "leads out of the container"},
    {"hostname_too_long",
     [](Plan& p) { child(p, plan::SetHostname{.hostname = p.add(std::string(70, 'a'))}); },
     {.call = Call::kSethostname, .error = EINVAL},
     "at most 64 bytes, this one has 70"},
    {"terminal_without_devpts", console, {.call = Call::kOpenat2, .error = ENOENT}, "keep that mount"},
    {"terminals_used_up", console, {.call = Call::kOpenat2, .error = ENOSPC}, "kernel.pty.max"},

    {"joined_process_gone",
     open_file("/proc/4711/ns/net"),
     {.call = Call::kOpen, .error = ENOENT},
     "process 4711 has gone"},
    {"joined_process_foreign",
     open_file("/proc/4711/ns/net"),
     {.call = Call::kOpen, .error = EACCES},
     "process 4711 is another user's",
     ordinary_user()},
    {"namespace_file_missing",
     open_file("/run/netns/a"),
     {.call = Call::kOpen, .error = ENOENT},
     "there is no /run/netns/a"},
    {"setns_process_gone", join(CLONE_NEWNET), {.call = Call::kSetns, .error = ESRCH}, "has ended"},
    {"setns_own_userns",
     join(CLONE_NEWUSER),
     {.call = Call::kSetns, .error = EINVAL},
     "is in that user namespace already"},
    {"setns_wrong_type",
     join(CLONE_NEWNET),
     {.call = Call::kSetns, .error = EINVAL},
     "/run/ns/a is not a network namespace"},
    {"setns_wrong_type", join(CLONE_NEWNET), {.call = Call::kVerifyNamespace}, "/run/ns/a is not a network namespace"},
    {"setns_needs_privilege",
     join(CLONE_NEWNET),
     {.call = Call::kSetns, .error = EPERM},
     "joining a namespace needs CAP_SYS_ADMIN"},

    {"swap_not_counted",
     write(kMemory + "memory.memsw.limit_in_bytes", "1"),
     {.call = Call::kOpen, .error = ENOENT},
     "swapaccount=1"},
    {"controller_nowhere",
     write("/sys/fs/cgroup/hugetlb/c/hugetlb.2MB.limit_in_bytes", "1"),
     {.call = Call::kOpen, .error = ENOENT},
     "this host has no cgroup controller 'hugetlb'"},
    {"controller_not_enabled",
     write("/sys/fs/cgroup/c/memory.max", "1"),
     {.call = Call::kOpen, .error = ENOENT},
     "echo +memory into cgroup.subtree_control",
     unified(host())},
    {"cgroup_file_missing",
     write("/sys/fs/cgroup/cpu/c/cpu.cfs_burst_us", "1"),
     {.call = Call::kOpen, .error = ENOENT},
     "controller 'cpu' has no cpu.cfs_burst_us"},
    {"cgroup_file_not_delegated",
     write(kMemory + "memory.limit_in_bytes", "1"),
     {.call = Call::kOpen, .error = EACCES},
     "not delegated to user 1000",
     ordinary_user()},
    {"memory_limit_in_use",
     write(kMemory + "memory.limit_in_bytes", "1048576"),
     {.call = Call::kWrite, .error = EBUSY},
     "more than 1 MiB is in use already"},
    {"memory_limits_crossed",
     write(kMemory + "memory.memsw.limit_in_bytes", "1"),
     {.call = Call::kWrite, .error = EINVAL},
     "memory and swap together may not be less"},
    {"swappiness_range",
     write(kMemory + "memory.swappiness", "500"),
     {.call = Call::kWrite, .error = EINVAL},
     "500 is not from 0 to 100"},
    {"oom_control",
     write(kMemory + "memory.oom_control", "1"),
     {.call = Call::kWrite, .error = EINVAL},
     "--oom-kill-disable"},
    {"cpuset_not_in_parent",
     write("/sys/fs/cgroup/cpuset/c/cpuset.cpus", "0-99"),
     {.call = Call::kWrite, .error = EINVAL},
     "0-99 has entries that are not online"},
    {"cpu_period_range",
     write("/sys/fs/cgroup/cpu/c/cpu.cfs_period_us", "1"),
     {.call = Call::kWrite, .error = EINVAL},
     "from 1000 to 1000000"},
    {"cpu_quota_range",
     write("/sys/fs/cgroup/cpu/c/cpu.cfs_quota_us", "1"),
     {.call = Call::kWrite, .error = EINVAL},
     "at least 1000 microseconds"},
    {"cpu_realtime_unbudgeted",
     write("/sys/fs/cgroup/cpu/c/cpu.rt_runtime_us", "1"),
     {.call = Call::kWrite, .error = EINVAL},
     "real-time budget"},
    {"pids_range",
     write("/sys/fs/cgroup/pids/c/pids.max", "9999999"),
     {.call = Call::kWrite, .error = EINVAL},
     "9999999 is not a number from 0 to 4194304"},
    {"io_weight_range",
     write("/sys/fs/cgroup/blkio/c/blkio.weight", "5"),
     {.call = Call::kWrite, .error = EINVAL},
     "from 10 to 1000"},
    {"io_weight_range",
     write("/sys/fs/cgroup/c/io.weight", "0"),
     {.call = Call::kWrite, .error = ERANGE},
     "from 1 to 10000",
     unified(host())},
    {"io_device_missing",
     write("/sys/fs/cgroup/blkio/c/blkio.throttle.read_bps_device", "9:9 1000"),
     {.call = Call::kWrite, .error = ENODEV},
     "no whole disk has the number 9:9"},
    {"devices_not_in_parent",
     write("/sys/fs/cgroup/devices/c/devices.allow", "c 1:3 rwm"),
     {.call = Call::kWrite, .error = EPERM},
     "does not itself allow 'c 1:3 rwm'"},
    {"cgroup_value",
     write("/sys/fs/cgroup/cpu/c/cpu.shares", "x"),
     {.call = Call::kWrite, .error = EINVAL},
     "does not take 'x' for cpu.shares"},
    {"cgroup_has_processes", enabling, {.call = Call::kWrite, .error = EBUSY}, "processes are in /sys/fs/cgroup/x itself"},
    {"controllers_not_delegated",
     enabling,
     {.call = Call::kWrite, .error = EACCES},
     "/sys/fs/cgroup/x/cgroup.subtree_control may not be written by user 1000",
     ordinary_user()},
    {"device_program_not_allowed",
     [](Plan& p) { child(p, plan::RestrictDevices{.cgroup = p.new_slot("cgroup")}); },
     {.call = Call::kBpf, .error = EPERM},
     "CAP_BPF"},
    {"cgroup_not_delegated",
     cgroups,
     {.call = Call::kMkdir, .error = EACCES},
     "not delegated to user 1000",
     ordinary_user()},
    {"cgroup_read_only", cgroups, {.call = Call::kMkdir, .error = EROFS}, "mounted read-only"},
    {"cgroup_too_many", cgroups, {.call = Call::kMkdir, .error = EAGAIN}, "cgroup.max.descendants"},
    {"cgroup_parent_missing", cgroups, {.call = Call::kMkdir, .error = ENOENT}, "is not mounted there any more"},
    {"cpuset_empty", attach, {.call = Call::kWrite, .error = ENOSPC}, "fill cpuset.cpus and cpuset.mems"},
    {"attach_refused", attach, {.call = Call::kWrite, .error = EACCES}, "may not enter that cgroup", ordinary_user()},

    {"hook_missing", hook, {.call = Call::kExecve, .error = ENOENT}, "there is no /hook"},
    {"hook_not_executable", hook, {.call = Call::kExecve, .error = EACCES}, "chmod +x /hook"},
    {"hook_too_slow", hook, {.call = Call::kHookTimeout}, "has to end for the container to go on"},

    {"sysctl_unknown",
     write("/proc/sys/net/ipv4/nope", "1"),
     {.call = Call::kOpen, .error = ENOENT},
     "there is no sysctl net.ipv4.nope"},
    {"sysctl_of_the_host",
     write("/proc/sys/kernel/panic", "1"),
     {.call = Call::kOpen, .error = EACCES},
     "kernel.panic belongs to the whole host"},
    {"sysctl_value",
     write("/proc/sys/net/ipv4/ip_forward", "x"),
     {.call = Call::kWrite, .error = EINVAL},
     "does not take 'x' for net.ipv4.ip_forward"},

    {"bind_source_missing",
     open_tree("/srv/data"),
     {.call = Call::kOpenTree, .error = ENOENT},
     "this host has no /srv/data: make it first (mkdir -p /srv/data)"},
    {"subpath_missing",
     part_of_tree("/volumes/a/_data", "sub"),
     {.call = Call::kOpenat2, .error = ENOENT},
     "sub is not in /volumes/a/_data"},
    {"bind_source_below_file",
     open_tree("/etc/passwd/x"),
     {.call = Call::kOpenTree, .error = ENOTDIR},
     "something above /etc/passwd/x is a file"},
    {"bind_source_forbidden",
     open_tree("/root/x"),
     {.call = Call::kOpenTree, .error = EACCES},
     "user 1000 may not reach /root/x",
     ordinary_user()},
    {"bind_needs_privilege",
     open_tree("/srv"),
     {.call = Call::kOpenTree, .error = EPERM},
     "binding needs CAP_SYS_ADMIN",
     ordinary_user()},
    {"bind_locked", open_tree("/srv"), {.call = Call::kOpenTree, .error = EINVAL}, "bind it with rbind"},

    {"overlay_options_long",
     overlay("lowerdir=" + std::string(5000, 'a')),
     {.call = Call::kMount, .error = EINVAL},
     "5009 bytes"},
    {"overlay_upper_unsupported",
     overlay("lowerdir=/l,upperdir=/u,workdir=/w"),
     {.call = Call::kMount, .error = EINVAL},
     "cannot itself lie on an overlay"},
    {"overlay_in_use", overlay("upperdir=/u"), {.call = Call::kMount, .error = EBUSY}, "belongs to another overlay"},
    {"overlay_in_userns", overlay("upperdir=/u"), {.call = Call::kMount, .error = EPERM}, "Linux 5.11"},
    {"root_directory_missing",
     overlay("upperdir=/u"),
     {.call = Call::kMount, .error = ENOENT},
     "/root, or a layer of it, is not there"},

    {"filesystem_unknown",
     new_mount("zfs"),
     {.call = Call::kFsopen, .error = ENODEV},
     "this kernel has no file system 'zfs'"},
    {"devpts_gid_unmapped",
     new_mount("devpts", {"newinstance", "gid=50"}, true),
     {.call = Call::kFsconfig, .operand = 1, .error = EINVAL},
     "group 50 has no mapping in the container's user namespace, which has 0 to 9: map it, or leave gid=50 out"},
    {"mount_owner_unmapped",
     new_mount("tmpfs", {"uid=50"}, true),
     {.call = Call::kFsconfig, .operand = 0, .error = EINVAL},
     "which has users 0 to 9 and groups 0 to 9"},
    {"sysfs_needs_netns",
     new_mount("sysfs", {}, true),
     {.call = Call::kFsconfig, .operand = 0xffff, .error = EPERM},
     "give it a network of its own"},
    {"proc_too_revealing", new_mount("proc", {}, true), {.call = Call::kFsmount, .error = EPERM}, "or bind its /proc"},
    {"mount_needs_privilege",
     new_mount("tmpfs"),
     {.call = Call::kFsopen, .error = EPERM},
     "mounting tmpfs needs CAP_SYS_ADMIN",
     ordinary_user()},
    {"attribute_locked",
     clearing_bind(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV),
     {.call = Call::kMountSetattr, .error = EPERM},
     "cannot clear locked flags nosuid,nodev: a user namespace keeps the flags that /srv/data has outside"},
    {"attribute_locked",
     clearing_bind(MOUNT_ATTR__ATIME),
     {.call = Call::kMountSetattr, .error = EPERM},
     "cannot change locked atime flags"},
    {"covers_procfs", bind, {.call = Call::kVerifyTarget, .error = EINVAL}, "leads /there into a procfs"},
    {"copy_up_broke_off",
     copied_up("/data"),
     {.call = Call::kMknod, .error = EEXIST},
     "remove the volume that is mounted at /data"},
    {"copy_up_too_big",
     new_mount("tmpfs", {"size=1k"}),
     {.call = Call::kWrite, .error = ENOSPC},
     "what the image has at /there is more than the tmpfs takes"},
    {"mount_label_refused",
     [](Plan& p) { child(p, plan::Mount{.type = p.add("mqueue"), .target = p.add("/q"), .label = p.add("a:b")}); },
     {.call = Call::kSetxattr, .error = EINVAL},
     "SELinux does not take the label a:b"},
    {"network_device_missing",
     network_device,
     {.call = Call::kNetlink, .error = ENODEV},
     "there is no network device eth1"},
    {"network_device_name_taken",
     network_device,
     {.call = Call::kNetlink, .operand = 1, .error = EEXIST},
     "the container's network has a device eth0 already"},
    {"network_device_stays",
     network_device,
     {.call = Call::kNetlink, .operand = 1, .error = EINVAL},
     "eth1 cannot leave its network namespace"},
    {"network_device_needs_privilege", network_device, {.call = Call::kSetns, .error = EPERM}, "CAP_NET_ADMIN in both"},
    {"resctrl_group_differs",
     resctrl_group,
     {.call = Call::kVerifySchemata, .error = EINVAL},
     "/sys/fs/resctrl/gold has other schemata"},
    {"resctrl_group_missing", resctrl_group, {.call = Call::kOpen, .error = ENOENT}, "mkdir /sys/fs/resctrl/gold"},
    {"resctrl_groups_used_up", resctrl_group, {.call = Call::kMkdir, .error = ENOSPC}, "no class of service left"},
    {"resctrl_schemata", resctrl_group, {.call = Call::kWrite, .error = EINVAL}, "last_cmd_status"},
    {"mount_option_unknown",
     new_mount("tmpfs", {"sise=1"}),
     {.call = Call::kFsconfig, .operand = 0, .error = EINVAL},
     "tmpfs does not know the option 'sise=1'"},
    {"directory_onto_file",
     bind,
     {.call = Call::kMoveMount, .error = ENOTDIR},
     "/srv/data is a directory, /there in the container is a file"},
    {"file_onto_directory", bind, {.call = Call::kMoveMount, .error = EISDIR}, "name the file in it, /there/data"},
    {"bind_kinds_differ", bind, {.call = Call::kMoveMount, .error = EINVAL}, "one is a directory and the other a file"},
    {"filesystem_onto_file",
     new_mount("tmpfs"),
     {.call = Call::kMoveMount, .error = EINVAL},
     "/there in the container is a file"},
    {"target_below_file",
     bind,
     {.call = Call::kOpenat2, .error = ENOTDIR},
     "something above /there is a file in the container"},
    {"target_on_read_only",
     bind,
     {.call = Call::kOpenat2, .error = EROFS},
     "the root filesystem has no /there to mount on and is read-only"},
    {"target_is_a_link_loop", bind, {.call = Call::kOpenat2, .error = ELOOP}, "lead in a circle"},
    {"target_forbidden",
     bind,
     {.call = Call::kOpenat2, .error = EACCES},
     "/there cannot be made in the root filesystem"},
    {"target_swapped",
     new_mount("proc"),
     {.call = Call::kVerifyDirectory, .error = ELOOP},
     "a symbolic link where /proc or /sys belongs"},
    {"too_many_mounts", bind, {.call = Call::kMoveMount, .error = ENOSPC}, "fs.mount-max"},

    {"device_refused", device, {.call = Call::kMknod, .error = EPERM}, "CAP_MKNOD"},
    {"device_refused",
     [](Plan& p) {
       user_namespace(p);
       device(p);
     },
     {.call = Call::kMknod, .error = EPERM},
     "in a user namespace"},
    {"device_differs",
     device,
     {.call = Call::kVerifyDevice, .error = EEXIST},
     "the image brings another file at /dev/null"},
    {"device_owner_unmapped", device, {.call = Call::kChown, .error = EINVAL}, "its owner 50:0"},
    {"made_on_read_only", device, {.call = Call::kMknod, .error = EROFS}, "mount a tmpfs at /dev"},
    {"null_device_swapped",
     [](Plan& p) { child(p, plan::Mask{.path = p.add("/proc/kcore")}); },
     {.call = Call::kVerifyDevice, .error = ENODEV},
     "is not the null device"},
    {"pivot_from_initramfs",
     [](Plan& p) { child(p, plan::Pivot{}); },
     {.call = Call::kPivotRoot, .error = EINVAL},
     "initramfs"},
    {"propagation_needs_privilege",
     [](Plan& p) { child(p, plan::SetPropagation{}); },
     {.call = Call::kMount, .error = EPERM},
     "changing mounts needs CAP_SYS_ADMIN"},

    {"killed_by_memory_limit",
     limited,
     {.call = Call::kProtocol},
     "a memory limit of 64 KiB is most likely too small",
     host(),
     SIGKILL},
    {"killed_by_filter", ready, {.call = Call::kProtocol}, "permit sendmsg", host(), SIGSYS},
    {"killed_from_outside", ready, {.call = Call::kProtocol}, "somebody killed it", host(), SIGKILL},
};

class HintTest : public testing::TestWithParam<HintCase> {};

TEST_P(HintTest, IsFound) {
  const HintCase& c = GetParam();
  Plan plan;
  c.steps(plan);
  Failure failure{.lane = Lane::kChild, .what = c.what, .wait_status = c.wait_status};
  failure.what.step = static_cast<std::uint16_t>(plan.lane(Lane::kChild).size() - 1);
  const Cause cause{plan, plan.lane(Lane::kChild).back().action, failure, c.facts};
  const HintRow* row = find_hint(cause);
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->name, c.row);
  EXPECT_THAT(hint(plan, failure, c.facts), testing::HasSubstr(c.text));
}

INSTANTIATE_TEST_SUITE_P(Rows, HintTest, testing::ValuesIn(kCases),
                         [](const auto& one) { return one.param.row + "_" + std::to_string(one.index); });

TEST(Hints, HaveACaseForEveryRow) {
  std::set<std::string_view> tested;
  for (const HintCase& c : kCases) tested.insert(c.row);
  std::set<std::string_view> rows;
  for (const HintRow& row : hint_rows()) {
    EXPECT_TRUE(tested.contains(row.name)) << "no test for the hint " << row.name;
    EXPECT_TRUE(rows.insert(row.name).second) << "two hints are called " << row.name;
  }
}

TEST(Hints, AreSilentWhereNothingIsLikely) {
  Plan plan;
  child(plan, plan::SetHostname{.hostname = plan.add("a")});
  EXPECT_EQ(hint(plan, Failure{.lane = Lane::kChild, .what = {.call = Call::kSethostname, .error = EIO}}, host()), "");
  EXPECT_EQ(
      hint(plan, Failure{.lane = Lane::kChild, .what = {.step = 9, .call = Call::kOpen, .error = EMFILE}}, host()), "");
}

// A mapped group is not to blame: the option's own row is.
TEST(Hints, DoNotBlameWhatIsMapped) {
  Plan plan;
  new_mount("devpts", {"gid=5"}, true)(plan);
  const Failure failure{.lane = Lane::kChild, .what = {.call = Call::kFsconfig, .error = EINVAL}};
  EXPECT_THAT(hint(plan, failure, host()), testing::HasSubstr("does not know the option 'gid=5'"));
}

TEST(Hints, JudgeTheSecondAlternative) {
  Plan plan;
  plan::Step& step =
      plan.append(Lane::kChild, "", "", plan::Mount{.type = plan.add("sysfs"), .target = plan.add("/sys")});
  const plan::Slot slot = plan.new_slot("tree");
  plan.add_fallback(step, plan::Mount{.tree = slot, .target = plan.add("/sys")}, {EPERM});
  const Failure failure{.lane = Lane::kChild, .what = {.call = Call::kMoveMount, .alternative = 1, .error = ENOTDIR}};
  EXPECT_THAT(hint(plan, failure, host()), testing::HasSubstr("is a directory, /sys in the container is a file"));
}

// A hint is one sentence on one line, for every call and errno of every step: nothing crashes on a fact that is
// missing.
TEST(Hints, TakeAnything) {
  Plan plan;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (child(plan, std::variant_alternative_t<I, plan::Action>{}), ...);
  }(std::make_index_sequence<std::variant_size_v<plan::Action>>());
  for (std::uint16_t step = 0; step < plan.lane(Lane::kChild).size(); ++step) {
    for (int call = 0; call < static_cast<int>(Call::kCount); ++call) {
      for (std::int16_t error = 0; error < 134; ++error) {
        const Failure failure{.lane = Lane::kChild,
                              .what = {.step = step, .call = static_cast<Call>(call), .error = error}};
        const std::string text = hint(plan, failure, HostFacts{});
        ASSERT_EQ(text.find('\n'), std::string::npos);
        ASSERT_FALSE(text.ends_with('.'));
      }
    }
  }
}

}  // namespace
}  // namespace caisson::explain
