// A container's cgroup: made, limited, joined; or a systemd unit's.
#include <sched.h>

#include <algorithm>
#include <cerrno>

#include "cgroup/device_program.h"
#include "cgroup/device_transition.h"
#include "cgroup/place.h"
#include "cgroup/unit_properties.h"
#include "plan/cgroup.h"
#include "plan/container_planner.h"

namespace caisson::plan {

namespace {

// Where processes go that are in the way of their cgroup's becoming one of cgroups.
constexpr std::string_view kProcessesLeaf = "caisson.processes";

// Of the names of units for containers that ask for none.
constexpr std::string_view kUnitPrefix = "caisson";

}  // namespace

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
  const bool has_v1 = facts.cgroup_mode != CgroupMode::kV2;
  if (has_v1 && request_.own_unlimited_hierarchies && !is_placed && !facts.systemd) {
    const cgroup::Place place = TRY(cgroup::place_of(path, request_.state.id, facts));
    for (std::size_t i = 0; i < facts.hierarchies.size(); ++i) {
      const CgroupHierarchy& hierarchy = facts.hierarchies[i];
      const std::string directory = hierarchy.path + place.paths[i];
      const bool is_there = std::ranges::find(layout_.directories, directory) != layout_.directories.end();
      if (!is_there && (hierarchy.is_named() || hierarchy.unified) && hierarchy.is_writable)
        layout_.directories.push_back(directory);
    }
  }
  if (scope_) layout_.enabled.clear();  // by systemd, as the unit is delegated
  if (request_.device_list)
    TRY(cgroup::use_device_transition(layout_, *request_.device_list, resources.devices, facts));
  if (layout_.directories.empty()) return {};
  unified_ = layout_.unified;
  cgroup_count_ = layout_.directories.size();
  return {};
}

// v1 cgroups take as long to make as a network namespace and the container's first mounts: they are made at the same
// time, by parent and child, where the child can open the cgroup's files itself.
bool ContainerPlanner::makes_cgroup_beside_child() const {
  return !unified_ && !scope_ && cgroup_count_ != 0 && find(spec::NamespaceType::kUser) == nullptr &&
         !needs_launcher() && few_mounts_ == kNoSlot;
}

// A unit is made with the process in it: systemd moves it there.
Result<> ContainerPlanner::start_scope() {
  Plan& plan = builder_.plan();
  const HostFacts& facts = builder_.facts();
  Result<std::vector<cgroup::UnitProperty>> properties = cgroup::scope_properties(
      *scope_, "container " + request_.state.id, config_.linux_.resources, config_.annotations, facts);
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
  if (scope_) {
    pid_ = builder_.plan().give_slot(kSlotPid);
    TRY(start_scope());
  } else if (cgroup_count_ != 0) {
    make_and_open_cgroup();
  }
  return std::move(builder_.plan());
}

void ContainerPlanner::open_cgroups(Undo undo) {
  for (const std::string& directory : layout_.directories) {
    const Slot slot = builder_.plan().new_slot(unified_ ? directory : builder_.members_file(directory));
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
  for (const std::string& directory : layout_.directories) tasks.push_back(builder_.members_file(directory));
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

// Who runs the program may make cgroups below the container's, if the container sees its own cgroup alone, and may
// write there at all (config-linux.md, "Cgroup ownership").
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
  builder_.add(
      Lane::kParent, "linux.cgroupsPath", "the container may make cgroups below its own",
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

Result<Plan> plan_cgroup(const spec::Config& config, const HostFacts& facts, const Request& request) {
  return ContainerPlanner(config, facts, request).cgroup_alone();
}

}  // namespace caisson::plan
