// The plan of a container's first process, in the order that its steps depend on each other.
#include <sched.h>

#include <algorithm>

#include "plan/container_files.h"
#include "plan/container_planner.h"
#include "plan/resctrl.h"

namespace caisson::plan {

namespace {

constexpr int kCapSysChroot = 18;
constexpr int kCapMknod = 27;

// sysctl(8): the separator is what comes first; the other one is part of names and stands for the first.
std::string below_proc_sys(std::string name) {
  const std::size_t first = name.find_first_of("./");
  if (first == std::string::npos || name[first] == '/') return name;
  for (char& c : name) c = c == '.' ? '/' : c == '/' ? '.' : c;
  return name;
}

}  // namespace

const spec::Namespace* ContainerPlanner::find(spec::NamespaceType type) const {
  const auto& namespaces = config_.linux_.namespaces;
  const auto found =
      std::find_if(namespaces.begin(), namespaces.end(), [&](const spec::Namespace& n) { return n.type == type; });
  return found == namespaces.end() ? nullptr : &*found;
}

// Nothing of the child's names a path of the host's, nor does a hook that comes by before the pivot.
bool ContainerPlanner::may_be_born_elsewhere() const {
  const spec::Hooks& hooks = config_.hooks;
  if (!request_.few_mounts || builder_.facts().is_ordinary_user()) return false;
  if (!builder_.facts().may(kCapSysChroot)) return false;  // who visits a mount namespace changes its root (setns(2))
  if (!hooks.prestart.empty() || !hooks.create_runtime.empty() || !hooks.create_container.empty()) return false;
  return !scope_ && !request_.no_pivot && !names_host_in_mounts(config_);
}

void ContainerPlanner::session() {
  builder_.add(Lane::kChild, "process", "a session of its own: signals of the caller's terminal stay outside",
               SetAttribute{.attribute = Attribute::kNewSession});
  builder_.affinity("process", "", "it runs on what its cgroup has, whatever the caller was bound to");
  time_namespace();
  if (find(spec::NamespaceType::kUser) == nullptr) builder_.keyring(config_.process);
  if (is_new(spec::NamespaceType::kNetwork)) {
    if (network_ != kNoSlot)
      builder_.add(Lane::kChild, "linux.namespaces", "made while the plan was", Unshare{CLONE_NEWNET, network_});
    else if (makes_cgroup_beside_child())
      builder_.add(Lane::kChild, "linux.namespaces", "made while the parent makes the cgroups", Unshare{CLONE_NEWNET});
    builder_.add(Lane::kChild, "linux.namespaces", "a new network namespace has a loopback that is down",
                 BringUpLoopback{});
    if (request_.hands_network_over) builder_.hand_network_over();
  }
  if (!config_.hostname.empty() || !config_.domainname.empty()) {
    builder_.add(Lane::kChild, "hostname", "what the container calls itself",
                 SetHostname{.hostname = builder_.plan().add(config_.hostname),
                             .domainname = builder_.plan().add(config_.domainname)});
  }
  builder_.oom_score(Lane::kChild, config_.process);
}

// A clone has no time to set the clocks before somebody is in the namespace.
void ContainerPlanner::time_namespace() {
  if (!is_new(spec::NamespaceType::kTime)) return;
  std::string offsets;
  for (const auto& [clock, offset] : config_.linux_.time_offsets)
    offsets += clock + " " + std::to_string(offset.secs) + " " + std::to_string(offset.nanosecs) + "\n";
  builder_.add(Lane::kChild, offsets.empty() ? "linux.namespaces" : "linux.timeOffsets",
               "clocks of its own, for the time since the host was started",
               MakeTimeNamespace{.offsets = builder_.plan().add(offsets)});
}

// Through the host's procfs: what lies at /proc in the root is the image's business (CVE-2025-52881). The files show
// the namespaces of the process that opens them.
void ContainerPlanner::sysctls() {
  for (const auto& [key, value] : config_.linux_.sysctl) {
    builder_.add(Lane::kChild, "linux.sysctl." + key, "a kernel parameter of the container's own namespaces",
                 WriteFile{.path = builder_.plan().add("/proc/sys/" + below_proc_sys(key)),
                           .value = builder_.plan().add(value)});
  }
}

// runc: never without root, who alone may take a device out of the host's namespace.
Result<> ContainerPlanner::network_devices() {
  for (const auto& [name, device] : config_.linux_.net_devices) {
    const std::string item = "linux.netDevices." + name;
    if (builder_.facts().is_ordinary_user())
      return fail(in(builder_.label(item), complaint("only root can move a network device into the container")));
    Plan& plan = builder_.plan();
    builder_.add(Lane::kParent, item, "the container's alone until it ends",
                 MoveNetworkDevice{.name = plan.add(name),
                                   .new_name = plan.add(device.name.empty() ? name : device.name),
                                   .pid = pid_,
                                   .index = plan.new_slot("number of " + name),
                                   .network = plan.new_slot("network namespace with " + name)},
                 Undo::kRemove);
  }
  return {};
}

// While everything is mounted, and both the host and the container can be seen (config.md, "POSIX-platform Hooks"):
// those of the runtime's namespaces first. What was known of the host before them need not be true any more.
Result<> ContainerPlanner::hooks(Slot root) {
  const spec::Hooks& hooks = config_.hooks;
  const bool moves = !config_.linux_.net_devices.empty() || config_.linux_.intel_rdt;
  if (!moves && hooks.prestart.empty() && hooks.create_runtime.empty() && hooks.create_container.empty()) return {};
  const spec::State state = builder_.state(config_, "creating");
  builder_.add(Lane::kChild, "hooks", "everything is in place, and the host can still be seen", Signal{Tag::kMounted});
  builder_.await_descriptors(config_.process);
  builder_.add(Lane::kParent, "hooks", "hooks find the container's namespaces and mounts", Await{Tag::kMounted});
  TRY(network_devices());
  TRY(join_resctrl(config_, builder_, pid_));
  TRY(builder_.hooks(Lane::kParent, "prestart", hooks.prestart, state, pid_, "run on the host before the pivot"));
  TRY(builder_.hooks(Lane::kParent, "createRuntime", hooks.create_runtime, state, pid_,
                     "run on the host before the pivot"));
  builder_.add(Lane::kParent, "hooks", "", Signal{Tag::kHooked});
  builder_.add(Lane::kChild, "hooks", "what the host's hooks do is done", Await{Tag::kHooked});
  return builder_.hooks(Lane::kChild, "createContainer", hooks.create_container, state, kNoSlot,
                        "a program of the host, run in the container's namespaces before the pivot", root);
}

Result<Plan> ContainerPlanner::plan() {
  Plan& plan = builder_.plan();
  pid_ = plan.new_slot(kSlotPid);
  pidfd_ = plan.new_slot(kSlotPidfd);
  const bool in_user_namespace = find(spec::NamespaceType::kUser) != nullptr;

  for (const MountSource& source : builder_.request().sources) {
    builder_.add(
        Lane::kParent, "mounts",
        source.directory ? "where what the container writes is kept" : "made up for the container, and bound into it",
        MakeMountSource{
            .path = plan.add(source.path), .content = plan.add(source.content), .directory = source.directory},
        Undo::kRemove);
  }
  TRY(lay_out_cgroup());
  TRY(namespaces());
  if (builder_.request().refuses_lost_groups && denies_setgroups() && !keeps_groups(config_) &&
      !config_.process.user.additional_gids.empty()) {
    return fail(in(builder_.label("process.user.additionalGids"),
                   complaint("cannot set any additional groups in a rootless container",
                             "its user namespace has one group alone, and denies setgroups(2): leave them out, or have "
                             "ranges in /etc/subgid")));
  }
  TRY(builder_.begin(config_.process, in_user_namespace));
  // An ordinary user may copy mounts only in a mount namespace that its own user namespace owns.
  const bool child_opens = (builder_.facts().is_ordinary_user() && in_user_namespace) || !request_.copies_mounts;
  if (!child_opens && may_be_born_elsewhere()) few_mounts_ = plan.give_slot(kSlotFewMounts);
  if (request_.network_ahead && network_can_be_made_ahead(config_)) network_ = plan.give_slot(kSlotNetwork);
  const bool beside = makes_cgroup_beside_child();
  if (!beside && !scope_) make_cgroup();
  ContainerFiles files(config_, builder_,
                       FileSituation{.own_cgroup_namespace = is_new(spec::NamespaceType::kCgroup),
                                     .own_unlimited_hierarchies = request_.own_unlimited_hierarchies,
                                     .host_cgroup_namespace = find(spec::NamespaceType::kCgroup) == nullptr,
                                     .cgroup_directories = layout_.directories,
                                     .callers_cgroups = request_.callers_cgroups,
                                     .cgroup_is_late = scope_.has_value() || beside,
                                     .bind_devices = in_user_namespace || !builder_.facts().may(kCapMknod),
                                     .bind_sysfs = in_user_namespace && !is_new(spec::NamespaceType::kNetwork),
                                     .in_user_namespace = in_user_namespace,
                                     .root_at_top = in_user_namespace || few_mounts_ != kNoSlot,
                                     .opener = child_opens ? Lane::kChild : Lane::kParent});
  if (!child_opens) TRY(files.open());
  // Those of a new namespace are known once it is there; with one that is joined, the child does not wait for them.
  const bool new_users = is_new(spec::NamespaceType::kUser);
  if (!new_users) files.map_owners({.user_namespace = joined_user_namespace()});
  TRY(spawn());
  TRY(map_ids());
  if (scope_) {
    TRY(place_in_scope());
  } else if (beside) {
    make_cgroup();
  } else {
    join_cgroup(AttachCgroup{.first = cgroup_first_, .count = static_cast<std::uint8_t>(cgroup_count_)});
  }
  session();
  if (child_opens) {
    await_ids();  // the child's rights go as far as they do
    TRY(files.open());
  }
  if (new_users) files.map_owners({.pid = pid_});
  if (!child_opens) await_ids();
  if (in_user_namespace) {
    become_root();
    builder_.keyring(config_.process);  // it belongs to the user who makes it
  }
  sysctls();

  // The host's paths can be seen until the pivot; from there on everything is the container's.
  TRY(files.mount([&] {
    if (beside || (scope_ && !is_spoken_to_at_birth())) await_and_join_cgroup();
  }));
  builder_.streams(config_.process, files.root(), files.bind_console());
  TRY(hooks(files.root()));
  files.pivot();
  files.protect();

  const std::optional<std::vector<spec::LandlockRule>> landlock = spec::read_landlock(config_.annotations);
  TRY(builder_.prepare(config_.process,
                       {config_.linux_.seccomp, config_.linux_.personality, config_.linux_.memory_policy, landlock,
                        !config_.hooks.start_container.empty()},
                       !joined_.empty()));
  TRY(builder_.hooks(Lane::kChild, "startContainer", config_.hooks.start_container, builder_.state(config_, "created"),
                     kNoSlot, "run inside, as the program's user, right before it"));
  TRY(builder_.execute(config_.process));
  builder_.await_ready(config_.process, config_.linux_.seccomp);
  return std::move(plan);
}

Result<Plan> plan_hook(const spec::Config& config, const spec::Hook& hook, std::string_view item,
                       std::string_view status, const HostFacts& facts, const Request& request) {
  Builder builder(facts, request);
  const Slot pid = status == "stopped" ? kNoSlot : builder.plan().give_slot(kSlotPid);
  TRY(builder.hook(Lane::kParent, item, hook, builder.state(config, status), pid, "run on the host"));
  return std::move(builder.plan());
}

bool network_can_be_made_ahead(const spec::Config& config) {
  const auto& namespaces = config.linux_.namespaces;
  return std::none_of(namespaces.begin(), namespaces.end(),
                      [](const spec::Namespace& n) { return n.type == spec::NamespaceType::kUser; }) &&
         std::any_of(namespaces.begin(), namespaces.end(), [](const spec::Namespace& n) {
           return n.type == spec::NamespaceType::kNetwork && n.path.empty();
         });
}

bool keeps_groups(const spec::Config& config) {
  const auto found = config.annotations.find("run.oci.keep_original_groups");
  return found != config.annotations.end() && found->second == "1";
}

Result<Plan> plan_container(const spec::Config& config, const HostFacts& facts, const Request& request) {
  return ContainerPlanner(config, facts, request).plan();
}

}  // namespace caisson::plan
