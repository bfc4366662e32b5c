// (configuration, facts) → plan. Everything that can be decided before anything happens is decided here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "host/facts.h"
#include "plan/plan.h"
#include "spec/config.h"
#include "spec/landlock.h"

namespace caisson::plan {

/// The name of a namespace's file below /proc/PID/ns: "mnt".
std::string_view namespace_file(spec::NamespaceType type);

// The names of slots that callers look up with Plan::find_slot().
inline constexpr std::string_view kSlotPid = "pid";      ///< written: the process's pid in the caller's namespace
inline constexpr std::string_view kSlotPidfd = "pidfd";  ///< written: its pidfd
inline constexpr std::string_view kSlotTerminal =
    "terminal";  ///< written, with process.terminal: the terminal's master
inline constexpr std::string_view kSlotInput = "standard input";  ///< given
inline constexpr std::string_view kSlotOutput = "standard output";
inline constexpr std::string_view kSlotError = "standard error";
inline constexpr std::string_view kSlotTarget = "pidfd of the process to join";  ///< given, for plan_process()
inline constexpr std::string_view kSlotStart = "socket to be started at";  ///< given, with Request::wait_for_start
inline constexpr std::string_view kSlotNetwork =
    "network namespace made ahead";  ///< given where Request::network_ahead makes a difference
inline constexpr std::string_view kSlotOwnNetwork =
    "network namespace of its own";  ///< written, with Request::hands_network_over
inline constexpr std::string_view kSlotFewMounts =
    "mount namespace with few mounts";  ///< given where Request::few_mounts makes a difference: Spawn::mounts

/// A file or directory of the host that is made for the container, and mounted by its configuration.
struct MountSource {
  std::string path;
  std::string content;  ///< of a file
  bool directory = false;
};

/// What the state of a process says of its container (runtime-spec runtime.md "State").
struct ContainerState {
  std::string id;
  std::string bundle;                                   ///< the directory of its config.json
  int pid = 0;                                          ///< of its first process; 0: that is the one planned
  std::map<std::string, std::string> annotations = {};  ///< of its configuration
};

/// What a plan needs to know besides the configuration.
struct Request {
  std::map<std::string, std::string> origins;  ///< config item → what the user typed: "mounts[7]" → "-v /a:/b"
  std::vector<MountSource> sources;            ///< made before anything is mounted, in this order
  bool wait_for_start = false;                 ///< create, then start: another command says when (AwaitStart)
  bool new_keyring = true;  ///< named after the state's id, if that is there; further processes join it then
  bool new_session = true;  ///< of a further process; without: it stays in the caller's job
  bool refuses_lost_groups =
      false;                    ///< additional groups that cannot be set are an error, as runc has it; else left out
  bool set_groups = true;       ///< false where the user namespace denies setgroups(2)
  int death_signal = 0;         ///< sent to the process when its parent dies; 0: none
  ContainerState state;         ///< for hooks, and for whoever listens to a filter's notifications
  std::string systemd_program;  ///< libexec/caisson/systemd, where HostFacts::systemd makes the cgroups
  /// cgroup::Place::paths; absent: cgroupsPath, below the place where this process makes its own. Not for systemd's.
  std::optional<std::vector<std::string>> cgroup_paths;
  /// v1: the cgroups that the caller is in, and so the container, where it gets none of its own. It is shown them, if
  /// it is to see its cgroups, and may write to none.
  std::vector<std::string> callers_cgroups;
  std::optional<std::string> device_list;  ///< of a v1 cgroup that has others below it: cgroup/device_transition.h
  bool copies_mounts = true;   ///< false: the caller may not copy the mounts that it sees; the child can, in its own
  bool network_ahead = false;  ///< the new network namespace is being made already (kSlotNetwork)
  /// The caller is handed the network namespace that is made (kSlotOwnNetwork): of a process that has taken other ids
  /// it could not open it, before that executes its program.
  bool hands_network_over = false;
  bool few_mounts = false;  ///< there is a mount namespace that is cheaper to copy than the caller's (kSlotFewMounts)
  /// v1: cgroups of its own also where nothing is limited: in "name=systemd", where it may write though /sys/fs/cgroup
  /// is read-only as a whole, and in the unified hierarchy of a hybrid host.
  bool own_unlimited_hierarchies = false;
  std::uint32_t preserve_fds = 0;     ///< descriptors 3 … 2+n stay open
  bool terminal_adds_returns = true;  ///< Console::adds_returns
  bool no_pivot = false;  ///< the root is moved onto "/" and entered by chroot(2): for a host on an initramfs
};

/// The plan of a container's first process.
/// Errors: what cannot be planned on this host or contradicts itself, with the config item (runtime-spec config.md,
/// config-linux.md).
Result<Plan> plan_container(const spec::Config& config, const HostFacts& facts, const Request& request);

/// Whether the container gets a network namespace that Request::network_ahead can be about: a new one, and the caller's
/// user namespace owns it.
bool network_can_be_made_ahead(const spec::Config& config);

/// The cgroups that `plan` makes, one a hierarchy.
std::vector<std::string> cgroup_directories(const Plan& plan);

/// The unit that it has systemd make for the container; empty if it makes none.
std::string systemd_unit(const Plan& plan);

/// The plan of one hook that is run when the container has started (poststart) or has ended (poststop), beside the
/// container: `item` is "hooks.poststop[0]". With the status "stopped" it is told no pid; else that in slot kSlotPid,
/// which the caller gives.
Result<Plan> plan_hook(const spec::Config& config, const spec::Hook& hook, std::string_view item,
                       std::string_view status, const HostFacts& facts, const Request& request);

/// Where a further process goes.
struct Target {
  std::vector<spec::NamespaceType> namespaces;  ///< joined; those of the process in slot kSlotTarget
  std::string root;  ///< "/proc/PID/root" to take over its root; empty: the top of its mount namespace
  std::vector<std::string>
      cgroup_directories;    ///< its cgroups as paths of this host, one a hierarchy; empty: the caller's
  std::string systemd_unit;  ///< whose cgroup that is, where systemd has to take the process there: a user's may not
  std::optional<spec::Seccomp> seccomp;  ///< the filter that it is under
  std::optional<spec::Personality> personality = {};
  std::optional<spec::MemoryPolicy> memory_policy = {};
  std::optional<std::vector<spec::LandlockRule>> landlock = {};
};

/// Gives `target` what the further processes of a container have from its configuration: all but where they go.
void inherit(const spec::Config& config, Target& target);

/// Whether the processes of a container keep the supplementary groups of whoever starts them: the annotation
/// run.oci.keep_original_groups, which podman gives for --group-add keep-groups. For Request::set_groups of further
/// processes.
bool keeps_groups(const spec::Config& config);

/// The plan of a further process in a running container (exec), or beside any process (enter): the same steps. Its
/// oom_score_adj is that of `process`.
Result<Plan> plan_process(const spec::Process& process, const Target& target, const HostFacts& facts,
                          const Request& request);

}  // namespace caisson::plan
