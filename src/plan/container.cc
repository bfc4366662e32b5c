// The plan of a container's first process, in the order that its steps depend on each other.
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "cgroup/conversion.h"
#include "cgroup/device_transition.h"
#include "cgroup/device_program.h"
#include "cgroup/scope.h"
#include "cgroup/unit_properties.h"
#include "plan/builder.h"
#include "plan/cgroup.h"
#include "plan/container_files.h"
#include "plan/resctrl.h"

namespace caisson::plan {

namespace {

constexpr int kCapMknod = 27;

// Where processes go that are in the way of their cgroup's becoming one of cgroups.
constexpr std::string_view kProcessesLeaf = "caisson.processes";

// Of the names of units for containers that ask for none.
constexpr std::string_view kUnitPrefix = "caisson";

class ContainerPlanner {
 public:
  ContainerPlanner(const spec::Config& config, const HostFacts& facts, const Request& request)
      : config_(config), request_(request), builder_(facts, request_) {
    if (denies_setgroups() || keeps_groups(config)) request_.set_groups = false;
  }

  Result<Plan> plan();
  Result<Plan> cgroup_alone();

 private:
  Result<> lay_out_cgroup();
  bool makes_cgroup_beside_child() const;
  void make_cgroup();
  void make_and_open_cgroup();
  Result<> start_scope();
  Result<> place_in_scope();
  void open_cgroups(Undo undo);
  void await_and_join_cgroup();
  void join_made_cgroup();
  bool is_born_there() const { return unified_ && !scope_; }
  void join_cgroup(const AttachCgroup& step);
  void limits();
  void restrict_devices();
  void give_cgroup();
  Result<> namespaces();
  void join_namespaces(Lane lane);
  Result<> spawn();
  bool needs_launcher() const;
  Result<> map_ids();
  Result<Text> mapper(const std::vector<spec::IdMapping>& mappings, std::uint32_t own, const std::string& program,
                      std::string_view name);
  void become_root();
  bool is_spoken_to_at_birth() const { return needs_launcher() || is_new(spec::NamespaceType::kUser); }
  bool denies_setgroups() const;
  Slot joined_user_namespace() const;
  bool may_be_born_elsewhere() const;
  void session();
  void time_namespace();
  void sysctls();
  Result<> hooks();
  Result<> network_devices();

  std::optional<std::uint32_t> host_uid(std::uint32_t uid) const;
  const spec::Namespace* find(spec::NamespaceType type) const;
  bool is_new(spec::NamespaceType type) const { return find(type) != nullptr && find(type)->path.empty(); }

  struct Joined {
    std::uint64_t flag;
    Slot descriptor;
    std::string item;
  };

  const spec::Config& config_;
  Request request_;
  Builder builder_;
  std::vector<Joined> joined_;
  std::uint64_t clone_flags_ = 0;
  bool unified_ = false;
  Slot few_mounts_ = kNoSlot;
  Slot cgroup_first_ = kNoSlot;
  std::size_t cgroup_count_ = 0;
  cgroup::Layout layout_;
  std::optional<cgroup::Scope> scope_;  // where systemd makes the cgroup
  Slot pid_ = kNoSlot;
  Slot pidfd_ = kNoSlot;
};

const spec::Namespace* ContainerPlanner::find(spec::NamespaceType type) const {
  const auto& namespaces = config_.linux_.namespaces;
  const auto found =
      std::find_if(namespaces.begin(), namespaces.end(), [&](const spec::Namespace& n) { return n.type == type; });
  return found == namespaces.end() ? nullptr : &*found;
}

Result<> ContainerPlanner::lay_out_cgroup() {
  const HostFacts& facts = builder_.facts();
  spec::Resources resources = config_.linux_.resources;
  std::string path = config_.linux_.cgroups_path;
  const bool is_placed = request_.cgroup_paths && !facts.systemd;
  if (facts.systemd) {
    scope_ = TRY(cgroup::scope(path, kUnitPrefix, request_.state.id, *facts.systemd));
    path = scope_->path;
    resources.cpu = cgroup::rounded_quota(resources.cpu);
  }
  if (path.empty() && !is_placed) return {};
  Result<cgroup::Layout> made = is_placed ? cgroup::layout(resources, cgroup::Place{*request_.cgroup_paths}, facts)
                                          : cgroup::layout(resources, path, facts);
  if (!made) {
    Error error = std::move(made).error();
    error.item = builder_.label(error.item);
    return fail(std::move(error));
  }
  layout_ = std::move(*made);
  if (scope_) layout_.enabled.clear();  // by systemd, as the unit is delegated
  if (request_.device_list)
    TRY(cgroup::use_device_transition(layout_, *request_.device_list, resources.devices, facts));
  if (layout_.directories.empty()) return {};
  unified_ = layout_.unified;
  cgroup_count_ = layout_.directories.size();
  return {};
}

// v1 cgroups take as long to make as a network namespace and the container's first mounts: they are made at the same time,
// by parent and child, where the child can open the cgroup's files itself.
bool ContainerPlanner::makes_cgroup_beside_child() const {
  return !unified_ && !scope_ && cgroup_count_ != 0 && find(spec::NamespaceType::kUser) == nullptr &&
         !needs_launcher() && few_mounts_ == kNoSlot;
}

// Nothing of the child's names a path of the host's, nor does a hook that comes by before the pivot.
bool ContainerPlanner::may_be_born_elsewhere() const {
  const spec::Hooks& hooks = config_.hooks;
  if (!request_.few_mounts || builder_.facts().is_ordinary_user()) return false;
  if (!hooks.prestart.empty() || !hooks.create_runtime.empty() || !hooks.create_container.empty()) return false;
  return !scope_ && !request_.no_pivot && !names_host_in_mounts(config_);
}

// A unit is made with the process in it: systemd moves it there.
Result<> ContainerPlanner::start_scope() {
  Plan& plan = builder_.plan();
  const HostFacts& facts = builder_.facts();
  Result<std::vector<cgroup::UnitProperty>> properties =
      cgroup::scope_properties(*scope_, "container " + request_.state.id, config_.linux_.resources, config_.annotations, facts);
  if (!properties) {
    Error error = std::move(properties).error();
    error.item = builder_.label(error.item);
    return fail(std::move(error));
  }
  std::vector<std::string> request = {"start", scope_->unit, facts.systemd->control_group + scope_->path};
  const std::vector<std::string> words = cgroup::request_words(*properties);
  request.insert(request.end(), words.begin(), words.end());
  request.insert(request.end(), {"PIDs", "au", "1"});
  builder_.add(Lane::kParent, "linux.cgroupsPath", "a unit of its own, which systemd counts and limits together",
               AskSystemd{.program = plan.add(request_.systemd_program),
                          .unit = plan.add(scope_->unit),
                          .request = plan.add(request),
                          .undo = plan.add(std::vector<std::string>{"stop", scope_->unit}),
                          .pid = pid_},
               Undo::kRemove);
  // Of v1's hierarchies systemd makes the cgroup only in those that it needs itself.
  open_cgroups(unified_ ? Undo::kInside : Undo::kRemove);
  limits();
  restrict_devices();
  give_cgroup();
  return {};
}

// By the time that the child hears that everything is prepared, it is in its scope.
Result<> ContainerPlanner::place_in_scope() {
  if (is_new(spec::NamespaceType::kUser)) return start_scope();  // joined as the child becomes root there
  if (needs_launcher()) {
    join_made_cgroup();
    return {};
  }
  TRY(start_scope());
  builder_.add(Lane::kParent, "linux.cgroupsPath", "", Signal{Tag::kPrepared});
  return {};
}

void ContainerPlanner::make_cgroup() {
  if (cgroup_count_ == 0) return;
  Plan& plan = builder_.plan();
  if (makes_cgroup_beside_child()) {
    builder_.add(Lane::kParent, "linux.cgroupsPath", "what the kernel counts and limits together",
                 MakeCgroup{.directories = plan.add(layout_.directories)}, Undo::kRemove);
    limits();
    builder_.add(Lane::kParent, "linux.cgroupsPath", "", Signal{Tag::kPrepared});
    return;
  }
  make_and_open_cgroup();
}

void ContainerPlanner::make_and_open_cgroup() {
  open_cgroups(Undo::kRemove);
  limits();
  restrict_devices();
  give_cgroup();
}

Result<Plan> ContainerPlanner::cgroup_alone() {
  TRY(lay_out_cgroup());
  if (cgroup_count_ != 0) make_and_open_cgroup();
  return std::move(builder_.plan());
}

void ContainerPlanner::open_cgroups(Undo undo) {
  for (const std::string& directory : layout_.directories) {
    const Slot slot = builder_.plan().new_slot(unified_ ? directory : directory + "/tasks");
    if (cgroup_first_ == kNoSlot) cgroup_first_ = slot;
  }
  builder_.add(
      Lane::kParent, "linux.cgroupsPath", "what the kernel counts and limits together",
      MakeCgroup{.directories = builder_.plan().add(layout_.directories), .first = cgroup_first_, .unified = unified_},
      undo);
}

void ContainerPlanner::await_and_join_cgroup() {
  builder_.add(Lane::kChild, "linux.cgroupsPath", "the cgroup and its limits are there, made meanwhile",
               Await{Tag::kPrepared});
  join_made_cgroup();
}

// Made since the child was cloned, which opens the files itself.
void ContainerPlanner::join_made_cgroup() {
  std::vector<std::string> tasks;
  for (const std::string& directory : layout_.directories) tasks.push_back(directory + "/tasks");
  join_cgroup(AttachCgroup{.tasks = builder_.plan().add(tasks)});
}

void ContainerPlanner::join_cgroup(const AttachCgroup& step) {
  if (is_born_there()) return;
  if (cgroup_count_ != 0 && !unified_)
    builder_.add(Lane::kChild, "linux.cgroupsPath", "from here on it counts against the container's limits", step);
  if (!is_new(spec::NamespaceType::kCgroup)) return;
  builder_.add(Lane::kChild, "linux.namespaces", "made inside the container's cgroup, which becomes its root",
               Unshare{CLONE_NEWCGROUP});
}

void ContainerPlanner::limits() {
  Plan& plan = builder_.plan();
  for (const cgroup::EnabledControllers& enabled : layout_.enabled) {
    const EnableControllers action{.directory = plan.add(enabled.directory),
                                   .controllers = plan.add(enabled.controllers)};
    Step& step = builder_.add(Lane::kParent, enabled.item, "limits and counts take effect where they are enabled above",
                              action, Undo::kStays);
    if (!enabled.may_be_vacated) continue;
    EnableControllers vacating = action;
    vacating.leaf = plan.add(enabled.directory + "/" + std::string(kProcessesLeaf));
    plan.add_fallback(step, vacating, {EBUSY});
  }
  for (const cgroup::FileWrite& write : layout_.writes) {
    const auto writing = [&](const std::string& file, const std::string& value) {
      return WriteFile{.path = plan.add(write.directory + "/" + file), .value = plan.add(value)};
    };
    Step& step = builder_.add(Lane::kParent, write.item,
                              scope_ ? "set before the process goes on" : "set before the first process is let in",
                              writing(write.file, write.value), Undo::kInside);
    if (!write.other_file.empty()) plan.add_fallback(step, writing(write.other_file, write.other_value), {ENOENT});
  }
}

void ContainerPlanner::restrict_devices() {
  const std::vector<std::uint32_t> program = cgroup::device_program(layout_.device_rules);
  if (program.empty()) return;
  std::vector<std::string> rules;
  for (const spec::DeviceRule& rule : layout_.device_rules) rules.push_back(cgroup::words(rule));
  builder_.add(
      Lane::kParent, "linux.resources.devices", "no other device can be used, whatever nodes there are",
      RestrictDevices{
          .cgroup = cgroup_first_, .program = builder_.plan().add(program), .rules = builder_.plan().add(rules)},
      Undo::kInside);
}

// Who runs the program may make cgroups below the container's, if the container sees its own cgroup alone, and may write
// there at all (config-linux.md, "Cgroup ownership").
void ContainerPlanner::give_cgroup() {
  const auto& mounts = config_.mounts;
  const bool writable = std::any_of(mounts.begin(), mounts.end(), [](const spec::Mount& mount) {
    return mount.type == "cgroup" && mount.destination == "/sys/fs/cgroup" &&
           std::find(mount.options.begin(), mount.options.end(), "ro") == mount.options.end();
  });
  if (!unified_ || !writable || !is_new(spec::NamespaceType::kCgroup)) return;
  const std::optional<std::uint32_t> owner = host_uid(config_.process.user.uid);
  if (!owner || *owner == builder_.facts().effective_uid) return;
  Plan& plan = builder_.plan();
  builder_.add(Lane::kParent, "linux.cgroupsPath", "the container may make cgroups below its own",
               GiveCgroup{.cgroup = cgroup_first_, .files = plan.add(builder_.facts().delegated_files), .owner = *owner},
               Undo::kInside);
}

// Nothing: nobody's, or one that only a joined user namespace knows.
std::optional<std::uint32_t> ContainerPlanner::host_uid(std::uint32_t uid) const {
  const spec::Namespace* user = find(spec::NamespaceType::kUser);
  if (user == nullptr) return uid;
  for (const spec::IdMapping& mapping : config_.linux_.uid_mappings) {
    if (uid >= mapping.container_id && uid - mapping.container_id < mapping.size)
      return mapping.host_id + (uid - mapping.container_id);
  }
  return std::nullopt;
}

Result<> ContainerPlanner::namespaces() {
  for (std::size_t i = 0; i < config_.linux_.namespaces.size(); ++i) {
    const spec::Namespace& entry = config_.linux_.namespaces[i];
    const std::uint64_t flag = clone_flag(entry.type);
    const std::string item = "linux.namespaces[" + std::to_string(i) + "]";
    if (entry.path.empty()) {
      if (entry.type != spec::NamespaceType::kTime) clone_flags_ |= flag;
      continue;
    }
    if (entry.type == spec::NamespaceType::kMount) {
      return fail(in(builder_.label(item),
                     complaint("a mount namespace cannot be shared: the container's mounts would be the other's")));
    }
    const Slot slot = builder_.plan().new_slot(std::string(namespace_file(entry.type)) + " namespace to join");
    builder_.add(Lane::kParent, item, "opened while the host's paths can be seen",
                 OpenFile{.path = builder_.plan().add(entry.path), .flags = O_RDONLY, .slot = slot});
    joined_.push_back({flag, slot, item});
  }
  if (!is_new(spec::NamespaceType::kMount)) {
    return fail(in("linux.namespaces", complaint("a container needs a mount namespace of its own")));
  }
  return {};
}

void ContainerPlanner::join_namespaces(Lane lane) {
  // Those that need the host's privilege first, then the user namespace; an ordinary user's is in the user namespace.
  const bool user_first = builder_.facts().is_ordinary_user();
  std::stable_partition(joined_.begin(), joined_.end(),
                        [&](const Joined& j) { return (j.flag == CLONE_NEWUSER) == user_first; });
  for (const Joined& joined : joined_) {
    builder_.add(lane, joined.item, "shared with whoever lives in it",
                 JoinNamespace{.flags = joined.flag, .descriptor = joined.descriptor});
  }
}

// A pid namespace is entered by whoever is born to one that joined it, a user namespace before everything it owns is
// made, and what the host owns before the new user namespace takes the privilege for it.
bool ContainerPlanner::needs_launcher() const {
  return std::any_of(joined_.begin(), joined_.end(), [&](const Joined& j) {
    return j.flag == CLONE_NEWPID || j.flag == CLONE_NEWUSER || is_new(spec::NamespaceType::kUser);
  });
}

Result<> ContainerPlanner::spawn() {
  Plan& plan = builder_.plan();
  // Where it is not born in its cgroup the namespace is made after joining that, which becomes its root.
  std::uint64_t flags = clone_flags_;
  if (!is_born_there()) flags &= ~std::uint64_t{CLONE_NEWCGROUP};
  if (makes_cgroup_beside_child()) flags &= ~std::uint64_t{CLONE_NEWNET};
  Spawn spawn{.lane = Lane::kChild, .flags = flags, .pid = pid_, .pidfd = pidfd_};
  if (!needs_launcher()) spawn.mounts = few_mounts_;
  if (is_born_there()) spawn.cgroup = cgroup_first_;
  // Where it cannot be born in the cgroup (before Linux 5.7, or where a filter knows clone3(2) not), it goes there.
  const auto or_joins = [&](Step& step) {
    if (!is_born_there()) return;
    spawn.joins = true;
    plan.add_fallback(step, spawn, {EBUSY, EOPNOTSUPP, ENOSYS, E2BIG});
  };
  if (!needs_launcher()) {
    or_joins(builder_.add(Lane::kParent, "linux.namespaces", "the container's first process, in namespaces of its own",
                          spawn, Undo::kKill));
    join_namespaces(Lane::kChild);
    return {};
  }
  const Slot launcher = plan.new_slot("pid of the launcher");
  const Slot launcher_pidfd = plan.new_slot("pidfd of the launcher");
  builder_.add(Lane::kParent, "linux.namespaces", "enters the namespaces that only a child born inside can be in",
               Spawn{.lane = Lane::kLauncher, .pid = launcher, .pidfd = launcher_pidfd, .mounts = few_mounts_}, Undo::kKill);
  // Who is root of that user namespace could trace its child from its birth on: the child is as the launcher is. An
  // ordinary user's own files in procfs would be root's then.
  if (joined_user_namespace() != kNoSlot && !builder_.facts().is_ordinary_user()) {
    builder_.add(Lane::kLauncher, "process", "nobody inside may trace it or look at its files (CVE-2016-9962)",
                 SetAttribute{.attribute = Attribute::kNotDumpable});
  }
  join_namespaces(Lane::kLauncher);
  spawn.flags |= CLONE_PARENT;
  or_joins(builder_.add(Lane::kLauncher, "linux.namespaces",
                        "the container's first process, as a child of this command", spawn, Undo::kKill));
  builder_.add(Lane::kLauncher, "linux.namespaces", "", SendDescriptor{.descriptor = pidfd_, .value = pid_});
  builder_.add(Lane::kParent, "linux.namespaces", "the new process, known by its pidfd",
               ReceiveDescriptor{.descriptor = pidfd_, .value = pid_, .sender = launcher_pidfd}, Undo::kKill);
  builder_.await_launcher();
  if (is_new(spec::NamespaceType::kUser)) return {};
  if (joined_user_namespace() != kNoSlot) TRY(builder_.raise_limits(config_.process, pid_));
  if (scope_) TRY(start_scope());
  builder_.add(Lane::kParent, "linux.namespaces", "", Signal{Tag::kPrepared});
  return {};
}

// user_namespaces(7): what the kernel lets an ordinary user write without the help of newuidmap(1).
bool is_alone(const std::vector<spec::IdMapping>& mappings, std::uint32_t own) {
  return mappings.size() == 1 && mappings[0].size == 1 && mappings[0].host_id == own;
}

bool ContainerPlanner::denies_setgroups() const {
  const HostFacts& facts = builder_.facts();
  return is_new(spec::NamespaceType::kUser) && facts.is_ordinary_user() &&
         is_alone(config_.linux_.gid_mappings, facts.effective_gid);
}

// The program that has to write a map; none where the kernel lets the caller.
Result<Text> ContainerPlanner::mapper(const std::vector<spec::IdMapping>& mappings, std::uint32_t own,
                                      const std::string& program, std::string_view name) {
  if (!builder_.facts().is_ordinary_user() || is_alone(mappings, own)) return Text();
  if (!program.empty()) return builder_.plan().add(program);
  return fail(in(builder_.label("linux.uidMappings"),
                 complaint("there is no " + std::string(name) + ", which maps the ids of an ordinary user",
                           "it comes with the package uidmap: apt install uidmap")));
}

Result<> ContainerPlanner::map_ids() {
  if (!is_new(spec::NamespaceType::kUser)) return {};
  const HostFacts& facts = builder_.facts();
  const auto map = [&](const std::vector<spec::IdMapping>& mappings) { return builder_.plan().add(map_text(mappings)); };
  MapIds step{.pid = pid_,
              .uid_map = map(config_.linux_.uid_mappings),
              .gid_map = map(config_.linux_.gid_mappings),
              .deny_setgroups = denies_setgroups()};
  step.uid_program = TRY(mapper(config_.linux_.uid_mappings, facts.effective_uid, facts.newuidmap, "newuidmap"));
  step.gid_program = TRY(mapper(config_.linux_.gid_mappings, facts.effective_gid, facts.newgidmap, "newgidmap"));
  builder_.add(Lane::kParent, "linux.uidMappings", "who the container's users are on the host", step, Undo::kInside);
  return builder_.raise_limits(config_.process, pid_);
}

void ContainerPlanner::become_root() {
  if (is_new(spec::NamespaceType::kUser)) {
    builder_.add(Lane::kParent, "linux.uidMappings", "", Signal{Tag::kPrepared});
    if (!needs_launcher())
      builder_.add(Lane::kChild, "linux.uidMappings", "an id is nobody's until it is mapped", Await{Tag::kPrepared});
    if (scope_) join_made_cgroup();
  }
  const auto root_or_first = [](const std::vector<spec::IdMapping>& mappings) {
    const bool has_root = mappings.empty() || std::any_of(mappings.begin(), mappings.end(),
                                                          [](const auto& m) { return m.container_id == 0; });
    return has_root ? 0 : mappings[0].container_id;
  };
  builder_.add(Lane::kChild, "linux.uidMappings", "root of the user namespace, to make the rest",
               SetIds{.uid = root_or_first(config_.linux_.uid_mappings),
                      .gid = root_or_first(config_.linux_.gid_mappings),
                      .groups = builder_.plan().add(std::vector<std::uint32_t>{}),
                      .set_groups = request_.set_groups,
                      .set_capabilities = false});
}

Slot ContainerPlanner::joined_user_namespace() const {
  const auto found =
      std::find_if(joined_.begin(), joined_.end(), [](const Joined& j) { return j.flag == CLONE_NEWUSER; });
  return found == joined_.end() ? kNoSlot : found->descriptor;
}

void ContainerPlanner::session() {
  builder_.add(Lane::kChild, "process", "a session of its own: signals of the caller's terminal stay outside",
               SetAttribute{.attribute = Attribute::kNewSession});
  builder_.affinity("process", "", "it runs on what its cgroup has, whatever the caller was bound to");
  time_namespace();
  if (find(spec::NamespaceType::kUser) == nullptr) builder_.keyring(config_.process);
  if (is_new(spec::NamespaceType::kNetwork)) {
    if (makes_cgroup_beside_child())
      builder_.add(Lane::kChild, "linux.namespaces", "made while the parent makes the cgroups", Unshare{CLONE_NEWNET});
    builder_.add(Lane::kChild, "linux.namespaces", "a new network namespace has a loopback that is down",
                 BringUpLoopback{});
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

// sysctl(8): the separator is what comes first; the other one is part of names and stands for the first.
std::string below_proc_sys(std::string name) {
  const std::size_t first = name.find_first_of("./");
  if (first == std::string::npos || name[first] == '/') return name;
  for (char& c : name) c = c == '.' ? '/' : c == '/' ? '.' : c;
  return name;
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
Result<> ContainerPlanner::hooks() {
  const spec::Hooks& hooks = config_.hooks;
  const bool moves = !config_.linux_.net_devices.empty() || config_.linux_.intel_rdt;
  if (!moves && hooks.prestart.empty() && hooks.create_runtime.empty() && hooks.create_container.empty()) return {};
  const spec::State state = builder_.state(config_, "creating");
  builder_.add(Lane::kChild, "hooks", "everything is in place, and the host can still be seen", Signal{Tag::kMounted});
  builder_.await_terminal(config_.process);
  builder_.add(Lane::kParent, "hooks", "hooks find the container's namespaces and mounts", Await{Tag::kMounted});
  TRY(network_devices());
  TRY(join_resctrl(config_, builder_, pid_));
  TRY(builder_.hooks(Lane::kParent, "prestart", hooks.prestart, state, pid_, "run on the host before the pivot"));
  TRY(builder_.hooks(Lane::kParent, "createRuntime", hooks.create_runtime, state, pid_,
                     "run on the host before the pivot"));
  builder_.add(Lane::kParent, "hooks", "", Signal{Tag::kHooked});
  builder_.add(Lane::kChild, "hooks", "what the host's hooks do is done", Await{Tag::kHooked});
  return builder_.hooks(Lane::kChild, "createContainer", hooks.create_container, state, kNoSlot,
                        "a program of the host, run in the container's namespaces before the pivot");
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
  if (builder_.request().refuses_lost_groups && denies_setgroups() && !keeps_groups(config_) && !config_.process.user.additional_gids.empty()) {
    return fail(in(builder_.label("process.user.additionalGids"),
                   complaint("cannot set any additional groups in a rootless container",
                             "its user namespace has one group alone, and denies setgroups(2): leave them out, or have "
                             "ranges in /etc/subgid")));
  }
  TRY(builder_.begin(config_.process, in_user_namespace));
  // An ordinary user may copy mounts only in a mount namespace that its own user namespace owns.
  const bool child_opens = (builder_.facts().is_ordinary_user() && in_user_namespace) || !request_.copies_mounts;
  if (!child_opens && may_be_born_elsewhere()) few_mounts_ = plan.give_slot(kSlotFewMounts);
  const bool beside = makes_cgroup_beside_child();
  if (!beside && !scope_) make_cgroup();
  ContainerFiles files(config_, builder_,
                       FileSituation{.own_cgroup_namespace = is_new(spec::NamespaceType::kCgroup),
                                     .host_cgroup_namespace = find(spec::NamespaceType::kCgroup) == nullptr,
                                     .cgroup_directories = layout_.directories,
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
  if (child_opens) TRY(files.open());
  if (new_users) files.map_owners({.pid = pid_});
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
  TRY(hooks());
  files.pivot();
  files.protect();

  const std::optional<std::vector<spec::LandlockRule>> landlock = spec::read_landlock(config_.annotations);
  TRY(builder_.prepare(
      config_.process,
      {config_.linux_.seccomp, config_.linux_.personality, config_.linux_.memory_policy, landlock}, !joined_.empty()));
  TRY(builder_.hooks(Lane::kChild, "startContainer", config_.hooks.start_container, builder_.state(config_, "created"),
                     kNoSlot, "run inside, as the program's user, right before it"));
  TRY(builder_.execute(config_.process));
  builder_.await_ready(config_.process, config_.linux_.seccomp);
  return std::move(plan);
}

}  // namespace

std::string systemd_unit(const Plan& plan) {
  for (const Step& step : plan.lane(Lane::kParent)) {
    if (const auto* asked = std::get_if<AskSystemd>(&step.action)) return std::string(plan.view(asked->unit));
  }
  return {};
}

std::vector<std::string> cgroup_directories(const Plan& plan) {
  std::vector<std::string> directories;
  for (const Step& step : plan.lane(Lane::kParent)) {
    const auto* cgroup = std::get_if<MakeCgroup>(&step.action);
    if (cgroup == nullptr) continue;
    for (const Text directory : plan.texts(cgroup->directories)) directories.emplace_back(plan.view(directory));
  }
  return directories;
}

Result<Plan> plan_hook(const spec::Config& config, const spec::Hook& hook, std::string_view item,
                       std::string_view status, const HostFacts& facts, const Request& request) {
  Builder builder(facts, request);
  const Slot pid = status == "stopped" ? kNoSlot : builder.plan().give_slot(kSlotPid);
  TRY(builder.hook(Lane::kParent, item, hook, builder.state(config, status), pid, "run on the host"));
  return std::move(builder.plan());
}

bool keeps_groups(const spec::Config& config) {
  const auto found = config.annotations.find("run.oci.keep_original_groups");
  return found != config.annotations.end() && found->second == "1";
}

Result<Plan> plan_cgroup(const spec::Config& config, const HostFacts& facts, const Request& request) {
  return ContainerPlanner(config, facts, request).cgroup_alone();
}

Result<Plan> plan_container(const spec::Config& config, const HostFacts& facts, const Request& request) {
  return ContainerPlanner(config, facts, request).plan();
}

}  // namespace caisson::plan
