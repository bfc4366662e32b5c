#include "explain/hints.h"

#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <fmt/format.h>

#include "base/text.h"
#include "explain/names.h"
#include "explain/words.h"
#include "spec/capability.h"

namespace caisson::explain {

namespace {

using plan::Call;
using std::string;
using C = const Cause&;

// --- questions that several rows ask -------------------------------------------------------------------------------

std::uint64_t wanted_namespaces(C c) {
  if (const auto* spawn = std::get_if<plan::Spawn>(&c.action)) return spawn->flags;
  const auto* unshare = std::get_if<plan::Unshare>(&c.action);
  return unshare == nullptr ? 0 : unshare->flags;
}
bool makes_user_namespace(C c) { return (wanted_namespaces(c) & CLONE_NEWUSER) != 0; }
bool makes_namespaces_as_nobody(C c) { return !makes_user_namespace(c) && !c.facts.may(CAP_SYS_ADMIN); }
bool is_zero(std::string_view text) { return text == "0"; }
bool is_cgroup_write(C c) { return c.is_cgroup_file(); }
bool is_limit(C c) { return c.as<plan::SetAttribute>().attribute == plan::Attribute::kLimit; }
bool is_memory_limit(C c) {
  return c.is_cgroup_file() &&
         (c.file() == "memory.limit_in_bytes" || c.file() == "memory.max" || c.file().starts_with("memory.memsw."));
}
bool is_process_path(std::string_view path) {
  return path.starts_with("/proc/") && path.size() > 6 && path[6] >= '0' && path[6] <= '9';
}
string process_of(std::string_view path) { return string(path.substr(6, path.find('/', 6) - 6)); }
string joined_path(C c) { return slot_path(c.plan, c.as<plan::JoinNamespace>().descriptor); }
string mount_source(C c) { return tree_source(c.plan, c.as<plan::Mount>().tree); }
string mount_target(C c) { return string(c.view(c.as<plan::Mount>().target)); }
bool is_bind(C c) { return c.as<plan::Mount>().tree != plan::kNoSlot; }
// The flags that a bind was to take off, as mount options; nothing of the access-time field.
string locked_words(const plan::Mount& mount) {
  const std::uint64_t clear = mount.clear | mount.recursive_clear;
  std::vector<string> words;
  const std::pair<std::uint64_t, const char*> kFlags[] = {{MOUNT_ATTR_RDONLY, "ro"},
                                                          {MOUNT_ATTR_NOSUID, "nosuid"},
                                                          {MOUNT_ATTR_NODEV, "nodev"},
                                                          {MOUNT_ATTR_NOEXEC, "noexec"}};
  for (const auto& [flag, word] : kFlags) {
    if ((clear & flag) != 0) words.emplace_back(word);
  }
  return join(words, ",");
}
string tree_path(C c) { return string(c.view(c.as<plan::OpenTree>().source)); }
std::string_view root_options(C c) { return c.view(c.as<plan::MountRoot>().options); }
bool is_overlay_root(C c) { return c.view(c.as<plan::MountRoot>().type) == "overlay"; }
string new_filesystem_type(C c) {
  if (const auto* mount = std::get_if<plan::Mount>(&c.action)) return string(c.view(mount->type));
  if (const auto* root = std::get_if<plan::MountRoot>(&c.action)) return string(c.view(root->type));
  const auto* tree = std::get_if<plan::OpenTree>(&c.action);
  return tree == nullptr ? string() : string(c.view(tree->type));
}
std::uint64_t missing_from_bounding(C c) {
  const auto& ids = c.as<plan::SetIds>();
  return (ids.permitted | ids.effective | ids.inheritable | ids.ambient | ids.bounding) &
         ~c.facts.bounding_capabilities;
}
bool killed_by(C c, int signal) {
  return c.failure.wait_status && WIFSIGNALED(*c.failure.wait_status) && WTERMSIG(*c.failure.wait_status) == signal;
}
bool killed(C c) { return killed_by(c, SIGKILL); }
std::optional<std::string_view> memory_limit(C c) {
  const auto v1 = c.written("memory.limit_in_bytes");
  return v1 ? v1 : c.written("memory.max");
}
string bytes_of(std::string_view number) {
  const std::optional<std::uint64_t> bytes = parse_unsigned(number);
  return bytes ? human_bytes(*bytes) : string(number);
}

// --- the table -----------------------------------------------------------------------------------------------------

// clang-format off: it gives up on a table of this size
const HintRow kRows[] = {
    // Any step.
    {"too_many_open_files", "", {}, {EMFILE, ENFILE}, nullptr,
     [](C c) { return c.is(EMFILE) ? fmt::format("this process has its {} descriptors in use: raise ulimit -n",
           c.hard_limit(RLIMIT_NOFILE)) : string("the whole host has run out of open files: see fs.file-max"); }},

    // The clone and its namespaces.
    {"userns_switched_off", "", {Call::kClone3, Call::kUnshare}, {ENOSPC, EPERM},
     [](C c) { return makes_user_namespace(c) && is_zero(c.sysctl("user.max_user_namespaces")); },
     [](C) { return string("user namespaces are switched off on this host: sysctl -w user.max_user_namespaces=15000, "
           "or run as root without one"); }},
    {"userns_for_root_only", "", {Call::kClone3, Call::kUnshare}, {EPERM},
     [](C c) { return makes_user_namespace(c) && is_zero(c.sysctl("kernel.unprivileged_userns_clone"))
           && !c.facts.may(CAP_SYS_ADMIN); },
     [](C) { return string("this host lets only root make user namespaces: sysctl -w "
           "kernel.unprivileged_userns_clone=1"); }},
    {"userns_confined_by_apparmor", "", {Call::kClone3, Call::kUnshare}, {EPERM, EACCES},
     [](C c) { return makes_user_namespace(c) && c.sysctl("kernel.apparmor_restrict_unprivileged_userns") == "1"; },
     [](C) { return string("AppArmor keeps ordinary programs from user namespaces: install a profile with 'userns,' "
           "for this program, or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"); }},
    {"userns_in_chroot", "", {Call::kClone3, Call::kUnshare}, {EPERM}, makes_user_namespace,
     [](C) { return string("a user namespace is refused to a process in a chroot, in a namespace where its own user "
           "is not mapped, or under a seccomp filter of an outer container"); }},
    {"namespaces_need_privilege", "", {Call::kClone3, Call::kUnshare}, {EPERM}, makes_namespaces_as_nobody,
     [](C) { return string("without CAP_SYS_ADMIN these namespaces can only be made inside a new user namespace: run "
           "as root, or add one"); }},
    {"namespaces_nested_too_deep", "", {Call::kClone3, Call::kUnshare}, {ENOSPC, EUSERS}, nullptr,
     [](C) { return string("there are too many namespaces already (user.max_*_namespaces), they are nested 32 deep, "
           "or the host's mounts are more than fs.mount-max"); }},
    {"no_more_processes", "Spawn", {Call::kClone3}, {EAGAIN}, nullptr,
     [](C c) {
       const string limit = c.hard_limit(RLIMIT_NPROC);
       return fmt::format("no process can be added: the pids limit of the cgroup this runs in is reached, or the "
             "user's ulimit -u{}", limit.empty() ? "" : " of " + limit);
     }},
    {"clone3_filtered", "Spawn", {Call::kClone3}, {ENOSYS}, nullptr,
     [](C) { return string("an outer container's seccomp filter hides clone3, or the kernel is older than 5.3: use a "
           "newer profile outside"); }},
    {"time_namespace_unknown", "MakeTimeNamespace", {Call::kUnshare}, {EINVAL}, nullptr,
     [](C) { return string("the kernel was built without time namespaces, or is older than 5.6: see ls /proc/self/ns"); }},
    {"namespace_unknown_to_kernel", "", {Call::kClone3, Call::kUnshare}, {EINVAL}, nullptr,
     [](C c) {
       const string words = join(namespace_words(wanted_namespaces(c)), ", ");
       return fmt::format("the kernel was built without one of these namespaces ({}): see ls /proc/self/ns", words);
     }},
    {"cgroup_takes_no_process", "Spawn", {Call::kClone3, Call::kWrite}, {EBUSY, EOPNOTSUPP}, nullptr,
     [](C) { return string("a cgroup that hands controllers to its children takes no process itself (cgroup v2): "
           "choose one without children, --cgroup-parent"); }},

    // User and group ids.
    {"idmap_needs_newuidmap", "MapIds", {Call::kWrite}, {EPERM, EACCES},
     [](C c) { return c.facts.effective_uid != 0 && c.sysctl("kernel.apparmor_restrict_unprivileged_userns") != "1"; },
     [](C c) { return fmt::format("user {} may map only itself: other ids have to be its own in /etc/subuid and "
           "/etc/subgid", c.facts.effective_uid); }},
    {"newuidmap_refused", "MapIds", {Call::kNewuidmap, Call::kNewgidmap}, {EPERM}, nullptr,
     [](C c) {
       const bool users = c.what().call == Call::kNewuidmap;
       return fmt::format("all these ids have to be user {0}'s in {1}, and {2} has to be set-user-ID root on a file "
             "system that allows it, without no_new_privs: run {2} by hand to hear what it says", c.facts.effective_uid,
             users ? "/etc/subuid" : "/etc/subgid", c.view(users ? c.as<plan::MapIds>().uid_program
                                                                 : c.as<plan::MapIds>().gid_program));
     }},
    {"newuidmap_missing", "MapIds", {Call::kNewuidmap, Call::kNewgidmap}, {}, nullptr,
     [](C) { return string("newuidmap and newgidmap come with the package uidmap: apt install uidmap"); }},
    {"idmap_unsupported", "IdMapTree", {Call::kMountSetattr}, {EINVAL, EPERM, EOPNOTSUPP}, nullptr,
     [](C c) { return fmt::format("the file system of {} cannot show other owners (Linux 5.12: ext4, xfs, btrfs; 6.3: "
           "tmpfs): put --root on one that can", tree_source(c.plan, c.as<plan::IdMapTree>().tree)); }},
    {"overlay_trees_refused", "MountOverlayRoot", {Call::kFsconfig, Call::kFsopen, Call::kFsmount, Call::kMount},
     {EINVAL, EPERM, EOPNOTSUPP}, [](C c) { return c.as<plan::MountOverlayRoot>().user_attributes; },
     [](C c) { return fmt::format("an overlay in a user namespace needs Linux 5.11 (5.19 with owners mapped), and {} on a "
           "file system that keeps extended attributes and is not NFS: put --root on ext4, xfs, btrfs or tmpfs",
           tree_source(c.plan, c.as<plan::MountOverlayRoot>().writable)); }},
    {"idmap_refused_by_apparmor", "MapIds", {Call::kWrite}, {EPERM, EACCES},
     [](C c) { return c.sysctl("kernel.apparmor_restrict_unprivileged_userns") == "1"; },
     [](C) { return string("AppArmor lets the user namespace be made but gives it no power: a profile with 'userns,' "
           "for this program, or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"); }},
    {"idmap_beyond_own", "MapIds", {Call::kWrite}, {EPERM, EACCES}, nullptr,
     [](C) { return string("the host ids of a map must themselves be mapped in the namespace this runs in: see "
           "/proc/self/uid_map"); }},
    {"idmap_overlaps", "MapIds", {Call::kWrite}, {EINVAL}, nullptr,
     [](C) { return string("the lines of an id map may not overlap, have size 0 or be more than 340"); }},
    {"uid_unmapped", "SetIds", {Call::kSetresuid}, {EINVAL}, [](C c) {
          return !c.is_mapped_user(c.as<plan::SetIds>().uid); },
     [](C c) { return fmt::format("user {} has no mapping in the container's user namespace, which has {}",
           c.as<plan::SetIds>().uid, c.mapped_users()); }},
    {"gid_unmapped", "SetIds", {Call::kSetresgid}, {EINVAL}, [](C c) {
          return !c.is_mapped_group(c.as<plan::SetIds>().gid); },
     [](C c) { return fmt::format("group {} has no mapping in the container's user namespace, which has {}",
           c.as<plan::SetIds>().gid, c.mapped_groups()); }},
    {"group_unmapped", "SetIds", {Call::kSetgroups}, {EINVAL},
     [](C c) { return std::ranges::any_of(c.plan.numbers(c.as<plan::SetIds>().groups), [&](std::uint32_t id) {
           return !c.is_mapped_group(id); }); },
     [](C c) { return fmt::format("one of the additional groups has no mapping in the container's user namespace, "
           "which has {}", c.mapped_groups()); }},
    {"id_unmapped_where_joined", "SetIds", {Call::kSetresuid, Call::kSetresgid, Call::kSetgroups}, {EINVAL},
     [](C c) { return c.maps() == nullptr && c.in_user_namespace(); },
     [](C c) {
       const bool user = c.what().call == Call::kSetresuid;
       const auto& ids = c.as<plan::SetIds>();
       if (c.what().call == Call::kSetgroups) return string("one of the additional groups has no mapping in the user "
             "namespace that is joined");
       return fmt::format("cannot set{0} to unmapped {0} {1} in user namespace: see /proc/PID/{0}_map of a process in it",
             user ? "uid" : "gid", user ? ids.uid : ids.gid);
     }},
    {"setgroups_denied", "SetIds", {Call::kSetgroups}, {EPERM}, [](C c) { return c.maps() != nullptr
          && c.maps()->deny_setgroups; },
     [](C) { return string("groups cannot be set where an ordinary user mapped only itself: leave --group-add out, "
           "or have ranges in /etc/subgid"); }},
    {"setuid_needs_privilege", "SetIds", {Call::kSetresuid, Call::kSetresgid, Call::kSetgroups}, {EPERM}, nullptr,
     [](C) { return string("another user can be become only with CAP_SETUID and CAP_SETGID: run as root, or in a "
           "user namespace of its own"); }},
    {"capability_not_bounding", "SetIds", {Call::kCapset, Call::kPrctl}, {EPERM}, [](C c) {
          return missing_from_bounding(c) != 0; },
     [](C c) { return fmt::format("nobody here can have {}: it is not in the bounding set of the process that starts "
           "the container", join(spec::capability_names(missing_from_bounding(c)), ", ")); }},
    {"bounding_needs_setpcap", "SetIds", {Call::kPrctl}, {EPERM}, [](C c) { return !c.facts.may(CAP_SETPCAP)
          && !c.in_user_namespace(); },
     [](C) { return string("capabilities can only be taken off the bounding set with CAP_SETPCAP"); }},
    {"ambient_not_held", "SetIds", {Call::kPrctl}, {EPERM}, [](C c) { return c.as<plan::SetIds>().ambient != 0; },
     [](C) { return string("an ambient capability must be permitted and inheritable as well"); }},
    {"stream_owner_unmapped", "ConnectStreams", {Call::kChown}, {EINVAL, EPERM}, nullptr,
     [](C c) { return fmt::format("user {} cannot be made the owner of the streams: it has no mapping in the "
           "container's user namespace, which has {}", c.as<plan::ConnectStreams>().uid, c.mapped_users()); }},

    // Process state.
    {"limit_above_hard", "SetAttribute", {Call::kPrlimit}, {EPERM}, is_limit,
     [](C c) {
       const auto& a = c.as<plan::SetAttribute>();
       const string present = c.hard_limit(a.which);
       string option = limit_name(a.which).substr(7);
       std::ranges::transform(option, option.begin(), [](char l) { return l >= 'A'
             && l <= 'Z' ? static_cast<char>(l + 32) : l; });
       const string wanted = limit_value(static_cast<std::uint64_t>(a.second));
       if (present.empty()) return fmt::format("a hard limit of {} is more than this process has, and raising it "
             "needs CAP_SYS_RESOURCE", wanted);
       return fmt::format("the hard limit wanted is {}, this process has {}, and raising it needs CAP_SYS_RESOURCE: "
             "ask for no more, --ulimit {}={}", wanted, present, option, present);
     }},
    {"limit_soft_above_hard", "SetAttribute", {Call::kPrlimit}, {EINVAL}, is_limit,
     [](C) { return string("the soft limit may not be above the hard one"); }},
    {"keyring_quota", "SetAttribute", {Call::kKeyctl}, {EDQUOT}, nullptr,
     [](C c) {
       const std::string_view name = c.facts.effective_uid == 0 ? "kernel.keys.root_maxkeys" : "kernel.keys.maxkeys";
       const std::string_view value = c.sysctl(name);
       return fmt::format("user {} has as many keys as {} allows{} (see /proc/key-users): every container takes one: "
             "raise it with sysctl -w", c.facts.effective_uid, name, value.empty() ? "" : fmt::format(", {}", value));
     }},
    {"keyring_filtered", "SetAttribute", {Call::kKeyctl}, {EPERM, EACCES}, nullptr,
     [](C) { return string("an outer container's seccomp filter forbids keyrings: allow keyctl there"); }},
    {"oom_score_lowered", "WriteFile", {Call::kWrite, Call::kOpen}, {EACCES, EPERM}, [](C c) {
          return c.file() == "oom_score_adj"; },
     [](C c) { return fmt::format("an oom_score_adj of {} is below the one of the process that starts the container, "
           "and lowering it needs CAP_SYS_RESOURCE", c.value()); }},
    {"affinity_empty", "SetAffinity", {Call::kSchedSetaffinity}, {EINVAL}, nullptr,
     [](C c) { return fmt::format("none of the processors {} is there, and in the cgroup's cpuset",
           number_list(c.plan.numbers(c.as<plan::SetAffinity>().processors))); }},
    {"scheduler_with_cpuset", "SetScheduler", {Call::kSchedSetattr}, {EPERM}, [](C c) { return c.written("cpuset.cpus")
          .has_value(); },
     [](C) { return string("process scheduler can't be used together with AllowedCPUs: leave linux.resources.cpu.cpus "
           "out, or the deadlines"); }},
    {"scheduler_needs_nice", "SetScheduler", {Call::kSchedSetattr}, {EPERM}, nullptr,
     [](C c) { return fmt::format("{} and a nice value below the caller's need CAP_SYS_NICE on the host, and a cgroup that "
           "gives realtime processes time (cpu.rt_runtime_us)", known_name(spec::kSchedulerPolicies,
           c.as<plan::SetScheduler>().policy)); }},
    {"scheduler_busy", "SetScheduler", {Call::kSchedSetattr}, {EBUSY}, nullptr,
     [](C) { return string("the deadlines of the processes there are leave no time for this one"); }},
    {"scheduler_invalid", "SetScheduler", {Call::kSchedSetattr}, {EINVAL}, nullptr,
     [](C) { return string("SCHED_FIFO and SCHED_RR want a priority from 1 to 99, SCHED_DEADLINE runtime <= deadline <= "
           "period, from 1024 ns up; SCHED_ISO was never written"); }},
    {"io_priority_needs_privilege", "SetAttribute", {Call::kIoprioSet}, {EPERM}, nullptr,
     [](C) { return string("IOPRIO_CLASS_RT needs CAP_SYS_NICE or CAP_SYS_ADMIN on the host"); }},
    {"memory_policy_unknown", "SetMemoryPolicy", {Call::kSetMempolicy}, {EINVAL}, nullptr,
     [](C c) { return fmt::format("one of the nodes is not there, or not in the cgroup's cpuset, or this kernel has no {} "
           "with these flags", known_name(spec::kMemoryPolicyModes, c.as<plan::SetMemoryPolicy>().mode)); }},
    {"memory_policy_no_numa", "SetMemoryPolicy", {Call::kSetMempolicy}, {ENOSYS}, nullptr,
     [](C) { return string("this kernel was built without memory policies (CONFIG_NUMA)"); }},
    {"time_namespace_filtered", "MakeTimeNamespace", {Call::kUnshare, Call::kSetns, Call::kWrite}, {EPERM, EACCES},
          nullptr,
     [](C) { return string("a time namespace needs CAP_SYS_ADMIN, and its clocks CAP_SYS_TIME, in the user namespace: run "
           "as root, or add a user namespace"); }},
    {"time_offset_range", "MakeTimeNamespace", {Call::kWrite}, {ERANGE, EINVAL}, nullptr,
     [](C) { return string("a clock may not be before the time that the host was started, nor 146 years after it"); }},
    {"apparmor_off", "SetLabel", {Call::kOpenat2, Call::kWrite}, {}, [](C c) {
          return c.as<plan::SetLabel>().label == plan::Label::kAppArmor && !c.facts.apparmor; },
     [](C) { return string("AppArmor is not enabled on this host: leave process.apparmorProfile out"); }},
    {"apparmor_profile_missing", "SetLabel", {Call::kWrite}, {ENOENT}, [](C c) {
          return c.as<plan::SetLabel>().label == plan::Label::kAppArmor; },
     [](C c) { return fmt::format("the profile {} is not loaded: apparmor_parser -r its file",
           profile_name(c.view(c.as<plan::SetLabel>().value))); }},
    {"label_refused", "SetLabel", {Call::kWrite}, {EINVAL, EACCES, EPERM}, nullptr,
     [](C) { return string("the policy that is loaded has no such label, or does not let the caller go over to it"); }},
    {"label_outside_procfs", "SetLabel", {Call::kVerifyProcfs, Call::kOpenat2}, {}, nullptr,
     [](C) { return string("the host's /proc has to be a procfs, with nothing mounted over its files"); }},
    {"landlock_off", "RestrictFiles", {Call::kLandlockCreateRuleset}, {ENOSYS, EOPNOTSUPP}, nullptr,
     [](C) { return string("this kernel has no Landlock (Linux 5.13, lsm=landlock,…): leave the annotations "
           "caisson.landlock.… out"); }},
    {"landlock_needs_no_new_privileges", "RestrictFiles", {Call::kLandlockRestrictSelf}, {EPERM}, nullptr,
     [](C) { return string("Landlock needs CAP_SYS_ADMIN, or process.noNewPrivileges"); }},
    {"landlock_too_deep", "RestrictFiles", {Call::kLandlockRestrictSelf}, {E2BIG}, nullptr,
     [](C) { return string("16 Landlock rule sets can be nested"); }},
    {"landlock_path_missing", "RestrictFiles", {Call::kOpenat2}, {ENOENT, ENOTDIR, ELOOP}, nullptr,
     [](C) { return string("the annotations caisson.landlock.… name a path that the container does not have"); }},
    {"directory_missing", "ChangeDirectory", {Call::kChdir}, {ENOENT}, nullptr,
     [](C c) { return fmt::format("the container has no directory {}: see --workdir (process.cwd)",
           c.view(c.as<plan::ChangeDirectory>().path)); }},
    {"directory_is_a_file", "ChangeDirectory", {Call::kChdir, Call::kMkdir, Call::kOpenat2}, {ENOTDIR, EEXIST}, nullptr,
     [](C c) { return fmt::format("{}, or something above it, is a file in the container: see --workdir "
           "(process.cwd)", c.view(c.as<plan::ChangeDirectory>().path)); }},
    {"directory_on_read_only", "ChangeDirectory", {Call::kMkdir, Call::kOpenat2}, {EROFS}, nullptr,
     [](C c) { return fmt::format("the container has no directory {} and a read-only root filesystem to make it in: make "
           "it in the image, or mount something there", c.view(c.as<plan::ChangeDirectory>().path)); }},
    {"directory_forbidden", "ChangeDirectory", {Call::kChdir}, {EACCES}, nullptr,
     [](C c) { return fmt::format("the container's user may not enter {}: a directory on the way lacks the x bit for "
           "it", c.view(c.as<plan::ChangeDirectory>().path)); }},
    {"directory_outside", "ChangeDirectory", {Call::kVerifyInside, Call::kGetcwd}, {}, nullptr,
     [](C) { return string("a link or a descriptor leads out of the container (as CVE-2024-21626 did): give a path "
           "of the container's own files"); }},
    {"hostname_too_long", "SetHostname", {Call::kSethostname, Call::kSetdomainname}, {EINVAL, ENAMETOOLONG}, nullptr,
     [](C c) { return fmt::format("a hostname has at most 64 bytes, this one has {}",
           c.view(c.as<plan::SetHostname>().hostname).size()); }},
    {"terminal_without_devpts", "Console", {Call::kOpen, Call::kOpenat2}, {ENOENT, ENXIO, ENODEV}, nullptr,
     [](C) { return string("a terminal needs a devpts of the container's own at /dev/pts: keep that mount, or run "
           "without -t"); }},
    {"terminals_used_up", "Console", {Call::kOpen, Call::kOpenat2}, {ENOSPC}, nullptr,
     [](C) { return string("there are as many terminals as kernel.pty.max allows"); }},

    // Namespaces that are joined.
    {"joined_process_gone", "OpenFile", {Call::kOpen}, {ENOENT, ESRCH}, [](C c) {
          return is_process_path(c.view(c.as<plan::OpenFile>().path)); },
     [](C c) { return fmt::format("process {} has gone", process_of(c.view(c.as<plan::OpenFile>().path))); }},
    {"joined_process_foreign", "OpenFile", {Call::kOpen}, {EACCES, EPERM}, [](C c) {
          return is_process_path(c.view(c.as<plan::OpenFile>().path)); },
     [](C c) { return fmt::format("process {} is another user's: its namespaces open only to root (CAP_SYS_PTRACE)",
           process_of(c.view(c.as<plan::OpenFile>().path))); }},
    {"namespace_file_missing", "OpenFile", {Call::kOpen}, {ENOENT}, nullptr,
     [](C c) { return fmt::format("there is no {}: a namespace lives while a process is in it or its file is bound "
           "somewhere", c.view(c.as<plan::OpenFile>().path)); }},
    {"setns_process_gone", "JoinNamespace", {Call::kSetns}, {ESRCH}, nullptr,
     [](C) { return string("the process whose namespaces are to be joined has ended"); }},
    {"setns_own_userns", "JoinNamespace", {Call::kSetns}, {EINVAL}, [](C c) {
          return (c.as<plan::JoinNamespace>().flags & CLONE_NEWUSER) != 0; },
     [](C) { return string("this process is in that user namespace already, or what was opened is not a namespace"); }},
    {"setns_wrong_type", "JoinNamespace", {Call::kSetns, Call::kVerifyNamespace}, {}, [](C c) { return c.is(EINVAL)
          || c.what().call == Call::kVerifyNamespace; },
     [](C c) {
       const string path = joined_path(c);
       return fmt::format("{} is not a {} namespace", path.empty() ? "what was opened" : path,
             join(namespace_words(c.as<plan::JoinNamespace>().flags), ", "));
     }},
    {"setns_needs_privilege", "JoinNamespace", {Call::kSetns}, {EPERM}, nullptr,
     [](C) { return string("joining a namespace needs CAP_SYS_ADMIN in the user namespace that owns it: run as root, "
           "or join that user namespace too"); }},

    // Network devices and resctrl groups.
    {"network_device_missing", "MoveNetworkDevice", {Call::kNetlink}, {ENODEV}, nullptr,
     [](C c) { return fmt::format("there is no network device {} where this runs: see ip link",
           c.view(c.as<plan::MoveNetworkDevice>().name)); }},
    {"network_device_name_taken", "MoveNetworkDevice", {Call::kNetlink}, {EEXIST}, nullptr,
     [](C c) { return fmt::format("the container's network has a device {} already: give it another name",
           c.view(c.as<plan::MoveNetworkDevice>().new_name)); }},
    {"network_device_stays", "MoveNetworkDevice", {Call::kNetlink}, {EINVAL, EOPNOTSUPP}, nullptr,
     [](C c) { return fmt::format("{} cannot leave its network namespace: loopback, bridges and tunnels of the host's "
           "cannot", c.view(c.as<plan::MoveNetworkDevice>().name)); }},
    {"network_device_needs_privilege", "MoveNetworkDevice", {}, {EPERM, EACCES}, nullptr,
     [](C) { return string("moving a network device needs CAP_NET_ADMIN in both network namespaces, and CAP_SYS_ADMIN"); }},
    {"resctrl_group_differs", "JoinResctrlGroup", {Call::kVerifySchemata}, {}, nullptr,
     [](C c) { return fmt::format("{} has other schemata: see its file schemata, or choose another closID",
           c.view(c.as<plan::JoinResctrlGroup>().directory)); }},
    {"resctrl_group_missing", "JoinResctrlGroup", {Call::kOpen}, {ENOENT}, [](C c) {
          return !c.as<plan::JoinResctrlGroup>().may_make; },
     [](C c) { return fmt::format("a closID without schemata names a group that is there: mkdir {}, or give its schemata",
           c.view(c.as<plan::JoinResctrlGroup>().directory)); }},
    {"resctrl_groups_used_up", "JoinResctrlGroup", {Call::kMkdir}, {ENOSPC}, nullptr,
     [](C) { return string("the processor has no class of service left: see num_closids and num_rmids below "
           "/sys/fs/resctrl/info"); }},
    {"resctrl_schemata", "JoinResctrlGroup", {Call::kWrite}, {EINVAL}, nullptr,
     [](C) { return string("the processor does not take these schemata: see /sys/fs/resctrl/info/last_cmd_status"); }},

    // Files written: cgroups.
    {"swap_not_counted", "WriteFile", {Call::kOpen}, {ENOENT}, [](C c) { return is_cgroup_write(c)
          && (c.file().starts_with("memory.memsw.") || c.file().starts_with("memory.swap.")); },
     [](C) { return string("this kernel does not count swap: boot with swapaccount=1, or leave --memory-swap out"); }},
    {"controller_nowhere", "WriteFile", {Call::kOpen}, {ENOENT}, [](C c) { return is_cgroup_write(c)
          && c.facts.hierarchy(c.controller()) == nullptr; },
     [](C c) { return fmt::format("this host has no cgroup controller '{}': the limit cannot be set here",
           c.controller()); }},
    {"controller_not_enabled", "WriteFile", {Call::kOpen}, {ENOENT}, [](C c) { return is_cgroup_write(c)
          && c.facts.hierarchy(c.controller())->unified; },
     [](C c) { return fmt::format("the controller '{0}' is not handed down to this cgroup: echo +{0} into "
           "cgroup.subtree_control of every directory above it", c.controller()); }},
    {"cgroup_file_missing", "WriteFile", {Call::kOpen}, {ENOENT}, is_cgroup_write,
     [](C c) { return fmt::format("this kernel's controller '{}' has no {}: it was built without it",
           c.controller(), c.file()); }},
    {"cgroup_file_not_delegated", "WriteFile", {Call::kOpen}, {EACCES, EPERM, EROFS}, is_cgroup_write,
     [](C c) { return fmt::format("the cgroup is not delegated to user {}: systemd delegates controllers with "
           "Delegate= in user@.service, an outer container by mounting the cgroup writable", c.facts.effective_uid); }},
    {"memory_limit_in_use", "WriteFile", {Call::kWrite}, {EBUSY}, is_memory_limit,
     [](C c) { return fmt::format("more than {} is in use already, and the kernel could not free enough: take a "
           "higher limit, or end processes first", bytes_of(c.value())); }},
    {"memory_limits_crossed", "WriteFile", {Call::kWrite}, {EINVAL}, is_memory_limit,
     [](C) { return string("memory and swap together may not be less than memory alone: set both, --memory no higher "
           "than --memory-swap"); }},
    {"swappiness_range", "WriteFile", {Call::kWrite}, {EINVAL}, [](C c) { return is_cgroup_write(c)
          && c.file() == "memory.swappiness"; },
     [](C c) { return fmt::format("{} is not from 0 to 100", c.value()); }},
    {"oom_control", "WriteFile", {Call::kWrite}, {EINVAL, EOPNOTSUPP}, [](C c) { return is_cgroup_write(c)
          && c.file() == "memory.oom_control"; },
     [](C) { return string("the out-of-memory killer cannot be switched off here: leave --oom-kill-disable out"); }},
    {"cpuset_not_in_parent", "WriteFile", {Call::kWrite}, {EINVAL, ERANGE, EACCES, EBUSY}, [](C c) {
          return is_cgroup_write(c) && c.controller() == "cpuset"; },
     [](C c) { return fmt::format("{} has entries that are not online, or that the cgroup above does not have: see "
           "{} there", c.value(), c.file()); }},
    {"cpu_period_range", "WriteFile", {Call::kWrite}, {EINVAL}, [](C c) { return is_cgroup_write(c)
          && c.file() == "cpu.cfs_period_us"; },
     [](C) { return string("a period is from 1000 to 1000000 microseconds"); }},
    {"cpu_quota_range", "WriteFile", {Call::kWrite}, {EINVAL}, [](C c) { return is_cgroup_write(c)
          && (c.file() == "cpu.cfs_quota_us" || c.file() == "cpu.max"); },
     [](C) { return string("a quota is at least 1000 microseconds in a period of at most 1000000, and its share no "
           "more than that of the cgroup above"); }},
    {"cpu_realtime_unbudgeted", "WriteFile", {Call::kWrite}, {EINVAL}, [](C c) { return is_cgroup_write(c)
          && c.file().starts_with("cpu.rt_"); },
     [](C) { return string("the cgroup above has no real-time budget left to give: set its cpu.rt_runtime_us "
           "first"); }},
    {"pids_range", "WriteFile", {Call::kWrite}, {EINVAL}, [](C c) { return is_cgroup_write(c)
          && c.file() == "pids.max"; },
     [](C c) { return fmt::format("{} is not a number from 0 to 4194304", c.value()); }},
    {"io_weight_range", "WriteFile", {Call::kWrite}, {EINVAL, ERANGE}, [](C c) { return is_cgroup_write(c)
          && c.file().find("weight") != string::npos; },
     [](C c) { return fmt::format("{} is no weight here: {}", c.value(),
           c.controller() == "blkio" ? "they go from 10 to 1000" : "they go from 1 to 10000"); }},
    {"io_device_missing", "WriteFile", {Call::kWrite}, {ENODEV, ENXIO}, [](C c) { return is_cgroup_write(c)
          && (c.controller() == "blkio" || c.controller() == "io"); },
     [](C c) { return fmt::format("no whole disk has the number {}: partitions cannot be limited, see lsblk",
           c.value().substr(0, c.value().find(' '))); }},
    {"devices_not_in_parent", "WriteFile", {Call::kWrite}, {EPERM}, [](C c) { return is_cgroup_write(c)
          && c.controller() == "devices"; },
     [](C c) { return fmt::format("the cgroup above does not itself allow '{}': a container cannot have more devices "
           "than it", c.value()); }},
    {"cgroup_value", "WriteFile", {Call::kWrite}, {EINVAL, ERANGE}, is_cgroup_write,
     [](C c) { return fmt::format("the kernel does not take '{}' for {}", c.value(), c.file()); }},
    {"cgroup_has_processes", "EnableControllers", {Call::kWrite}, {EBUSY}, nullptr,
     [](C c) { return fmt::format("processes are in {} itself: a cgroup with processes of its own can hand no controller "
           "down (cgroup v2): choose another --cgroup-parent", c.view(c.as<plan::EnableControllers>().directory)); }},
    {"controllers_not_delegated", "EnableControllers", {Call::kWrite, Call::kMkdir}, {EACCES, EPERM, EROFS}, nullptr,
     [](C c) { return fmt::format("{}/cgroup.subtree_control may not be written by user {}: systemd delegates a cgroup "
           "with Delegate=yes, an outer container by mounting it writable",
           c.view(c.as<plan::EnableControllers>().directory), c.facts.effective_uid); }},
    {"device_program_not_allowed", "RestrictDevices", {Call::kBpf}, {EPERM, EACCES}, nullptr,
     [](C) { return string("a program for a cgroup's devices takes the host's own CAP_BPF and CAP_NET_ADMIN, or "
           "CAP_SYS_ADMIN, and none above it that excludes others: only --privileged goes without one"); }},
    {"cgroup_not_delegated", "MakeCgroup", {Call::kMkdir, Call::kOpen}, {EACCES, EPERM}, nullptr,
     [](C c) { return fmt::format("the cgroups are not delegated to user {}: run as root, or have systemd delegate "
           "them (Delegate=yes)", c.facts.effective_uid); }},
    {"cgroup_read_only", "MakeCgroup", {Call::kMkdir}, {EROFS}, nullptr,
     [](C) { return string("the cgroup file system is mounted read-only, as outer containers have it: mount it "
           "writable there, or run without cgroup limits"); }},
    {"cgroup_too_many", "MakeCgroup", {Call::kMkdir}, {EAGAIN, ENOSPC, ENOMEM}, nullptr,
     [](C) { return string("the cgroup above allows no more below it (cgroup.max.descendants, cgroup.max.depth), or "
           "the host has 65535 already"); }},
    {"cgroup_parent_missing", "MakeCgroup", {Call::kMkdir}, {ENOENT, ENODEV}, nullptr,
     [](C) { return string("the cgroup above is being removed, or the hierarchy is not mounted there any more: see "
           "/proc/self/mountinfo"); }},
    {"cpuset_empty", "AttachCgroup", {Call::kWrite}, {ENOSPC}, nullptr,
     [](C) { return string("a cpuset without cpus or mems takes no process: fill cpuset.cpus and cpuset.mems, from "
           "the top down"); }},
    {"attach_refused", "AttachCgroup", {Call::kWrite}, {EACCES, EPERM, EBUSY, EOPNOTSUPP, EINVAL}, nullptr,
     [](C) { return string("the process may not enter that cgroup: it must be writable up to the common parent, and "
           "on cgroup v2 hand no controllers down"); }},

    // Hooks.
    {"hook_missing", "RunHook", {Call::kExecve}, {ENOENT, ENOTDIR}, nullptr,
     [](C c) { return fmt::format("there is no {} {}, or its interpreter is missing",
           c.view(c.as<plan::RunHook>().path), c.failure.lane == plan::Lane::kChild ? "where the hook runs" : "on this "
           "host"); }},
    {"hook_not_executable", "RunHook", {Call::kExecve}, {EACCES, EPERM, ENOEXEC}, nullptr,
     [](C c) { return fmt::format("chmod +x {}; a script begins with '#!' and its interpreter",
           c.view(c.as<plan::RunHook>().path)); }},
    {"hook_too_slow", "RunHook", {Call::kHookTimeout}, {0}, nullptr,
     [](C) { return string("a hook has to end for the container to go on; \"timeout\" says how long it may take"); }},

    // Files written: sysctls.
    {"sysctl_unknown", "WriteFile", {Call::kOpen}, {ENOENT}, [](C c) { return c.is_sysctl(); },
     [](C c) { return fmt::format("there is no sysctl {} in the container's namespaces: see sysctl -a",
           c.sysctl_key()); }},
    {"sysctl_of_the_host", "WriteFile", {Call::kOpen, Call::kWrite}, {EACCES, EPERM, EROFS}, [](C c) {
          return c.is_sysctl(); },
     [](C c) { return fmt::format("{} belongs to the whole host, or /proc/sys is read-only here: only sysctls of the "
           "container's own network, ipc or uts namespace can be set", c.sysctl_key()); }},
    {"sysctl_value", "WriteFile", {Call::kWrite}, {EINVAL, ERANGE}, [](C c) { return c.is_sysctl(); },
     [](C c) { return fmt::format("the kernel does not take '{}' for {}", c.value(), c.sysctl_key()); }},

    // Trees of the host.
    {"bind_source_missing", "OpenTree", {Call::kOpenTree}, {ENOENT}, nullptr,
     [](C c) { return fmt::format("this host has no {0}: make it first (mkdir -p {0}), or correct the source",
           tree_path(c)); }},
    {"subpath_missing", "OpenTree", {Call::kOpenat2}, {ENOENT}, nullptr,
     [](C c) { return fmt::format("{} is not in {}: a part of a volume is not made, make it first",
           c.view(c.as<plan::OpenTree>().below), tree_path(c)); }},
    {"bind_source_below_file", "OpenTree", {Call::kOpenTree}, {ENOTDIR}, nullptr,
     [](C c) { return fmt::format("something above {} is a file on this host, not a directory", tree_path(c)); }},
    {"bind_source_forbidden", "OpenTree", {Call::kOpenTree}, {EACCES}, nullptr,
     [](C c) { return fmt::format("user {} may not reach {}: a directory on the way lacks the x bit for it",
           c.facts.effective_uid, tree_path(c)); }},
    {"bind_needs_privilege", "OpenTree", {Call::kOpenTree}, {EPERM}, nullptr,
     [](C) { return string("binding needs CAP_SYS_ADMIN over the host's mounts: run as root, or in a user and mount "
           "namespace of its own"); }},
    {"bind_locked", "OpenTree", {Call::kOpenTree}, {EINVAL}, [](C c) { return !c.as<plan::OpenTree>().recursive; },
     [](C c) { return fmt::format("the mount at {} is unbindable, or what is mounted below it may not be uncovered: "
           "bind it with rbind", tree_path(c)); }},

    // The root filesystem.
    {"overlay_options_long", "MountRoot", {Call::kMount}, {EINVAL, E2BIG, ENAMETOOLONG}, [](C c) {
          return is_overlay_root(c) && root_options(c).size() >= 4095; },
     [](C c) { return fmt::format("the overlay's options have {} bytes, a mount takes 4095: fewer layers, or a store "
           "with shorter paths", root_options(c).size()); }},
    {"overlay_upper_unsupported", "MountRoot", {Call::kMount, Call::kFsconfig}, {EINVAL}, is_overlay_root,
     [](C) { return string("the upper directory of an overlay cannot itself lie on an overlay, NFS or vfat, and must "
           "be on one file system with the work directory: put --root on ext4, xfs, btrfs or tmpfs"); }},
    {"overlay_in_use", "MountRoot", {Call::kMount, Call::kFsconfig}, {EBUSY, ESTALE}, is_overlay_root,
     [](C) { return string("the upper or work directory belongs to another overlay that is mounted, or did before: "
           "give this one directories of its own"); }},
    {"overlay_in_userns", "MountRoot", {Call::kMount, Call::kFsconfig}, {EPERM}, is_overlay_root,
     [](C) { return string("an overlay without root needs Linux 5.11 and a user namespace that owns its mount "
           "namespace"); }},
    {"root_directory_missing", "MountRoot", {Call::kMount, Call::kMoveMount, Call::kOpen}, {ENOENT, ENOTDIR}, nullptr,
     [](C c) { return fmt::format("{}, or a layer of it, is not there or not a directory any more",
           c.view(c.as<plan::MountRoot>().at)); }},

    // Mounts inside.
    {"filesystem_unknown", "", {Call::kFsopen, Call::kMount}, {ENODEV}, nullptr,
     [](C c) { return fmt::format("this kernel has no file system '{}': see /proc/filesystems, or modprobe it",
           new_filesystem_type(c)); }},
    {"devpts_gid_unmapped", "Mount", {Call::kFsconfig, Call::kMount}, {EINVAL},
     [](C c) { return c.mount_type() == "devpts" && c.numeric_option("gid")
           && !c.is_mapped_group(*c.numeric_option("gid")); },
     [](C c) { return fmt::format("group {0} has no mapping in the container's user namespace, which has {1}: map "
           "it, or leave gid={0} out", *c.numeric_option("gid"), c.mapped_groups()); }},
    {"mount_owner_unmapped", "Mount", {Call::kFsconfig, Call::kMount}, {EINVAL},
     [](C c) {
       const auto uid = c.numeric_option("uid");
       const auto gid = c.numeric_option("gid");
       return (uid && !c.is_mapped_user(*uid)) || (gid && !c.is_mapped_group(*gid));
     },
     [](C c) { return fmt::format("the owner in its options has no mapping in the container's user namespace, which "
           "has users {} and groups {}", c.mapped_users(), c.mapped_groups()); }},
    {"sysfs_needs_netns", "Mount", {Call::kFsconfig, Call::kFsmount, Call::kMount}, {EPERM},
     [](C c) { return c.mount_type() == "sysfs" && c.in_user_namespace() && (c.new_namespaces() & CLONE_NEWNET) == 0; },
     [](C) { return string("sysfs shows a network namespace, which the container's user namespace must own: give it "
           "a network of its own, or bind /sys"); }},
    {"proc_too_revealing", "Mount", {Call::kFsconfig, Call::kFsmount, Call::kMount, Call::kMoveMount}, {EPERM},
     [](C c) { return (c.mount_type() == "proc" || c.mount_type() == "sysfs") && c.in_user_namespace(); },
     [](C c) { return fmt::format("where parts of the outer /{0} are hidden, a fresh one would reveal them: have the "
           "outer container unmasked (--security-opt unmask=ALL), or bind its /{0}",
               c.mount_type() == "proc" ? "proc" : "sys"); }},
    {"mount_needs_privilege", "Mount", {Call::kFsopen, Call::kFsconfig, Call::kFsmount, Call::kMount,
          Call::kMoveMount, Call::kMountSetattr}, {EPERM},
     [](C c) { return !is_bind(c); },
     [](C c) { return fmt::format("mounting {} needs CAP_SYS_ADMIN over the mount namespace, and in a user namespace "
           "a file system that allows it", c.mount_type()); }},
    {"attribute_locked", "Mount", {Call::kMountSetattr}, {EPERM}, nullptr,
     [](C c) {
       const string words = locked_words(c.as<plan::Mount>());
       return fmt::format("{}: a user namespace keeps the flags that {} has outside (ro, nosuid, nodev, noexec, atime)",
             words.empty() ? "cannot change locked atime flags" : "cannot clear locked flags " + words, mount_source(c));
     }},
    {"covers_procfs", "Mount", {Call::kVerifyTarget}, {}, nullptr,
     [](C c) { return fmt::format("a symbolic link of the image leads {} into a procfs, of which only files such as "
           "/proc/cpuinfo may be covered, by that path (CVE-2019-16884)", mount_target(c)); }},
    {"copy_up_broke_off", "Mount", {Call::kMknod}, {EEXIST}, [](C c) { return c.as<plan::Mount>().copy_up; },
     [](C c) { return fmt::format("a copy into it has broken off before: remove the volume that is mounted at {}, "
           "which is not whole", mount_target(c)); }},
    {"copy_up_too_big", "Mount", {Call::kWrite, Call::kMknod}, {ENOSPC}, [](C c) {
          return c.as<plan::Mount>().tree == plan::kNoSlot; },
     [](C c) { return fmt::format("what the image has at {} is more than the tmpfs takes: give it a greater size= or "
           "nr_inodes=, or leave tmpcopyup out", mount_target(c)); }},
    {"mount_label_refused", "Mount", {Call::kSetxattr}, {}, nullptr,
     [](C c) { return fmt::format("SELinux does not take the label {} (linux.mountLabel)",
           c.view(c.as<plan::Mount>().label)); }},
    {"mount_option_unknown", "Mount", {Call::kFsconfig}, {EINVAL}, [](C c) { return !c.refused_option().empty(); },
     [](C c) { return fmt::format("{} does not know the option '{}', or not that value", c.mount_type(),
           c.refused_option()); }},
    {"directory_onto_file", "Mount", {Call::kMoveMount}, {ENOTDIR}, is_bind,
     [](C c) { return fmt::format("{} is a directory, {} in the container is a file: bind a directory onto a "
           "directory", mount_source(c), mount_target(c)); }},
    {"file_onto_directory", "Mount", {Call::kMoveMount, Call::kOpenat2}, {EISDIR}, is_bind,
     [](C c) {
       const string source = mount_source(c);
       const string inside = mount_target(c) + source.substr(std::min(source.rfind('/'), source.size()));
       return fmt::format("{} is a file, not a directory as {} in the container: name the file in it, {}", source,
             mount_target(c), inside);
     }},
    {"bind_kinds_differ", "Mount", {Call::kMoveMount}, {EINVAL}, is_bind,
     [](C c) { return fmt::format("of {} on the host and {} in the container, one is a directory and the other a "
           "file: they must be alike", mount_source(c), mount_target(c)); }},
    {"filesystem_onto_file", "Mount", {Call::kMoveMount}, {EINVAL, ENOTDIR}, nullptr,
     [](C c) { return fmt::format("{} in the container is a file: a file system is mounted on a directory",
           mount_target(c)); }},
    {"target_below_file", "Mount", {Call::kOpenat2, Call::kMkdir}, {ENOTDIR, EEXIST}, nullptr,
     [](C c) { return fmt::format("something above {} is a file in the container: nothing can be mounted below it",
           mount_target(c)); }},
    {"target_on_read_only", "Mount", {Call::kOpenat2, Call::kMkdir, Call::kOpen, Call::kMknod}, {EROFS}, nullptr,
     [](C c) { return fmt::format("the root filesystem has no {} to mount on and is read-only: make it in the image, "
           "or a writable layer with DIR:O", mount_target(c)); }},
    {"target_is_a_link_loop", "Mount", {Call::kOpenat2, Call::kMkdir}, {ELOOP, EXDEV}, nullptr,
     [](C c) { return fmt::format("symbolic links of the image at {} lead in a circle, or through procfs",
           mount_target(c)); }},
    {"target_forbidden", "Mount", {Call::kOpenat2, Call::kMkdir}, {EACCES, EPERM}, nullptr,
     [](C c) { return fmt::format("{} cannot be made in the root filesystem: its directories belong to users that "
           "the container's user namespace does not have", mount_target(c)); }},
    {"target_swapped", "", {Call::kVerifyDirectory, Call::kVerifyProcfs}, {}, nullptr,
     [](C) { return string("the image has a symbolic link where /proc or /sys belongs (CVE-2023-27561): replace it "
           "by a directory"); }},
    {"too_many_mounts", "", {Call::kMoveMount, Call::kOpenTree, Call::kMount, Call::kFsmount}, {ENOSPC}, nullptr,
     [](C) { return string("a mount namespace has at most fs.mount-max mounts (100000): see wc -l "
           "/proc/self/mountinfo"); }},

    // Devices, links, protection, the pivot.
    {"device_refused", "MakeDevice", {Call::kMknod}, {EPERM}, nullptr,
     [](C c) { return string(c.in_user_namespace() ? "no device node can be made in a user namespace: the host's own "
           "node is to be bound" : "making a device node needs CAP_MKNOD and a devices cgroup that allows it (m)"); }},
    {"device_differs", "MakeDevice", {Call::kVerifyDevice}, {}, nullptr,
     [](C c) { return fmt::format("the image brings another file at {}: remove it there",
           c.view(c.as<plan::MakeDevice>().path)); }},
    {"device_owner_unmapped", "MakeDevice", {Call::kChown}, {EINVAL, EPERM}, nullptr,
     [](C c) { return fmt::format("its owner {}:{} has no mapping in the container's user namespace",
           c.as<plan::MakeDevice>().uid, c.as<plan::MakeDevice>().gid); }},
    {"made_on_read_only", "", {Call::kMknod, Call::kSymlink, Call::kOpenat2, Call::kMkdir}, {EROFS}, nullptr,
     [](C) { return string("the root filesystem is read-only and does not have it: mount a tmpfs at /dev, or make it "
           "in the image"); }},
    {"null_device_swapped", "Mask", {Call::kVerifyDevice}, {}, nullptr,
     [](C) { return string("what should hide files is not the null device (CVE-2025-31133): see ls -l /dev/null on "
           "the host"); }},
    {"pivot_from_initramfs", "Pivot", {Call::kPivotRoot}, {EINVAL}, nullptr,
     [](C) { return string("pivot_root is refused where the host itself runs from an initramfs: switch_root to a "
           "tmpfs first"); }},
    {"propagation_needs_privilege", "SetPropagation", {}, {EPERM}, nullptr,
     [](C) { return string("changing mounts needs CAP_SYS_ADMIN over the mount namespace; AppArmor of an outer "
           "container may forbid it too"); }},

    // The filter of system calls.
    {"filter_needs_privilege", "LoadFilter", {Call::kSeccomp}, {EACCES}, nullptr,
     [](C) { return string("a filter may be loaded with CAP_SYS_ADMIN, or once new privileges are given up: "
           "--security-opt no-new-privileges"); }},
    {"filter_flag_unknown", "LoadFilter", {Call::kSeccomp}, {EINVAL},
     [](C c) { return (c.as<plan::LoadFilter>().flags & ~std::uint32_t{SECCOMP_FILTER_FLAG_SPEC_ALLOW}) != 0; },
     [](C c) { return fmt::format("this kernel does not have one of the flags {}, or is built without filters of "
           "system calls", filter_flag_names(c.as<plan::LoadFilter>().flags)); }},
    {"filter_not_in_kernel", "LoadFilter", {Call::kSeccomp}, {EINVAL, ENOSYS}, nullptr,
     [](C) { return string("the kernel is built without filters of system calls (CONFIG_SECCOMP_FILTER), or an outer "
           "filter hides them: --security-opt seccomp=unconfined does without"); }},
    {"filter_has_listener", "LoadFilter", {Call::kSeccomp}, {EBUSY}, nullptr,
     [](C) { return string("a process can have one filter with a listener, and this one is under one already"); }},
    {"filter_no_memory", "LoadFilter", {Call::kSeccomp}, {ENOMEM}, nullptr,
     [](C) { return string("the filters of a process may have 32768 instructions together, with those that it "
           "inherits"); }},
    {"listener_missing", "SendListener", {Call::kConnect}, {ENOENT, ECONNREFUSED}, nullptr,
     [](C c) { return fmt::format("nobody listens at {}: start the agent that answers for the profile's "
           "SCMP_ACT_NOTIFY", c.view(c.as<plan::SendListener>().path)); }},
    {"listener_path_long", "SendListener", {Call::kConnect}, {ENAMETOOLONG}, nullptr,
     [](C) { return string("the path of a socket has at most 107 bytes (unix(7))"); }},

    // The other process went without a word.
    {"killed_by_filter", "", {Call::kProtocol}, {}, [](C c) { return killed_by(c, SIGSYS); },
     [](C) { return string("the filter of system calls forbids what comes between its loading and the program: permit "
           "sendmsg, prctl, capset, setgroups, setresgid, setresuid, chdir, getcwd and execve"); }},
    {"killed_by_memory_limit", "", {Call::kProtocol}, {}, [](C c) { return killed(c) && memory_limit(c); },
     [](C c) { return fmt::format("a memory limit of {} is most likely too small for the container to start: "
           "--memory", bytes_of(*memory_limit(c))); }},
    {"killed_from_outside", "", {Call::kProtocol}, {}, killed,
     [](C) { return string("somebody killed it, or the host ran out of memory: see dmesg"); }},
};
// clang-format on

bool fits(const HintRow& row, C c) {
  const auto lists = [](const auto& list, auto wanted) {
    return list.size() == 0 || std::find(list.begin(), list.end(), wanted) != list.end();
  };
  return (row.kind.empty() || row.kind == kind_name(c.action)) && lists(row.calls, c.what().call) &&
         lists(row.errnos, static_cast<int>(c.what().error)) && (row.applies == nullptr || row.applies(c));
}

}  // namespace

std::span<const HintRow> hint_rows() { return kRows; }

const HintRow* find_hint(const Cause& cause) {
  const auto* found =
      std::find_if(std::begin(kRows), std::end(kRows), [&](const HintRow& row) { return fits(row, cause); });
  return found == std::end(kRows) ? nullptr : found;
}

string hint(const plan::Plan& plan, const plan::Failure& failure, const HostFacts& facts) {
  const std::vector<plan::Step>& lane = plan.lane(failure.lane);
  if (failure.what.step >= lane.size()) return {};
  const plan::Step& step = lane[failure.what.step];
  const bool second = failure.what.alternative != 0 && step.fallback != plan::kNoFallback;
  const Cause cause{plan, second ? plan.fallback(step).action : step.action, failure, facts};
  const HintRow* row = find_hint(cause);
  return row == nullptr ? string() : row->text(cause);
}

}  // namespace caisson::explain
