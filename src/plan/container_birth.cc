// How a container's first process is born: the namespaces that are made for it or joined, and whose ids it has there.
#include <fcntl.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>

#include "plan/container_planner.h"
#include "plan/mount_owners.h"

namespace caisson::plan {

namespace {

// user_namespaces(7): what the kernel lets an ordinary user write without the help of newuidmap(1).
bool is_alone(const std::vector<spec::IdMapping>& mappings, std::uint32_t own) {
  return mappings.size() == 1 && mappings[0].size == 1 && mappings[0].host_id == own;
}

}  // namespace

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
  if (makes_cgroup_beside_child() || network_ != kNoSlot) flags &= ~std::uint64_t{CLONE_NEWNET};
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
               Spawn{.lane = Lane::kLauncher, .pid = launcher, .pidfd = launcher_pidfd, .mounts = few_mounts_},
               Undo::kKill);
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
  const auto map = [&](const std::vector<spec::IdMapping>& mappings) {
    return builder_.plan().add(map_text(mappings));
  };
  MapIds step{.pid = pid_,
              .uid_map = map(config_.linux_.uid_mappings),
              .gid_map = map(config_.linux_.gid_mappings),
              .deny_setgroups = denies_setgroups()};
  step.uid_program = TRY(mapper(config_.linux_.uid_mappings, facts.effective_uid, facts.newuidmap, "newuidmap"));
  step.gid_program = TRY(mapper(config_.linux_.gid_mappings, facts.effective_gid, facts.newgidmap, "newgidmap"));
  builder_.add(Lane::kParent, "linux.uidMappings", "who the container's users are on the host", step, Undo::kInside);
  return builder_.raise_limits(config_.process, pid_);
}

void ContainerPlanner::await_ids() {
  if (!is_new(spec::NamespaceType::kUser)) return;
  builder_.add(Lane::kParent, "linux.uidMappings", "", Signal{Tag::kPrepared});
  if (!needs_launcher())
    builder_.add(Lane::kChild, "linux.uidMappings", "an id is nobody's until it is mapped", Await{Tag::kPrepared});
  if (scope_) join_made_cgroup();
}

void ContainerPlanner::become_root() {
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

}  // namespace caisson::plan
