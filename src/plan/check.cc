#include "plan/check.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace caisson::plan {

namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

std::vector<Slot> run_of(Slot first, std::size_t count) {
  std::vector<Slot> slots(count);
  for (std::size_t i = 0; i < count; ++i) slots[i] = static_cast<Slot>(first + i);
  return slots;
}

std::vector<Slot> present(std::initializer_list<Slot> slots) {
  std::vector<Slot> some;
  std::copy_if(slots.begin(), slots.end(), std::back_inserter(some), [](Slot slot) { return slot != kNoSlot; });
  return some;
}

constexpr std::string_view kLaneNames[] = {"parent", "launcher", "child"};

// A file of the host by its path.
bool names_host_path(const Action& action) {
  if (std::holds_alternative<OpenFile>(action) || std::holds_alternative<MountRoot>(action)) return true;
  if (std::holds_alternative<MakeMountSource>(action) || std::holds_alternative<SendListener>(action)) return true;
  if (std::holds_alternative<MakeTimeNamespace>(action)) return true;  // its file in procfs
  if (std::holds_alternative<BindDevice>(action) || std::holds_alternative<MakeUserNamespace>(action)) return true;
  if (std::holds_alternative<MoveNetworkDevice>(action) || std::holds_alternative<JoinResctrlGroup>(action))
    return true;
  if (const auto* attach = std::get_if<AttachCgroup>(&action)) return attach->tasks.count != 0;
  if (const auto* tree = std::get_if<OpenTree>(&action)) return static_cast<bool>(tree->source);
  if (const auto* write = std::get_if<WriteFile>(&action)) return write->directory == kNoSlot;
  return false;
}

bool lacks_root(const Action& action) {
  return std::visit(
      Overloaded{[](const Mount& a) { return a.root == kNoSlot; },
                 [](const MakeDevice& a) { return a.root == kNoSlot; },
                 [](const BindDevice& a) { return a.root == kNoSlot; },
                 [](const MakeLink& a) { return a.root == kNoSlot; }, [](const Mask& a) { return a.root == kNoSlot; },
                 [](const MakeReadOnly& a) { return a.root == kNoSlot; }, [](const auto&) { return false; }},
      action);
}

// Paths that are the container's once its root is the process's: "/" is the host's before.
bool works_in_own_root(const Action& action) {
  return std::holds_alternative<FindHome>(action) || std::holds_alternative<RestrictFiles>(action);
}

// What others on the host can see, and what stays after a failure.
bool is_host_visible(Lane lane, const Action& action) {
  if (std::holds_alternative<MakeCgroup>(action) || std::holds_alternative<Spawn>(action)) return true;
  if (std::holds_alternative<MakeMountSource>(action) || std::holds_alternative<AskSystemd>(action)) return true;
  if (std::holds_alternative<GiveCgroup>(action)) return true;
  if (std::holds_alternative<MoveNetworkDevice>(action) || std::holds_alternative<JoinResctrlGroup>(action))
    return true;
  if (std::holds_alternative<EnableControllers>(action) || std::holds_alternative<RestrictDevices>(action)) return true;
  return lane == Lane::kParent && (std::holds_alternative<WriteFile>(action) || std::holds_alternative<MapIds>(action));
}

class Checker {
 public:
  explicit Checker(const Plan& plan) : plan_(plan) {}

  std::vector<std::string> check() {
    std::set<Slot> known;
    for (const Given& given : plan_.given()) known.insert(given.slot);
    check_lane(Lane::kParent, known);
    for (const Lane lane : {Lane::kLauncher, Lane::kChild}) {
      if (plan_.lane(lane).empty() || spawned_.contains(lane)) continue;
      broken_.push_back(fmt::format("nobody spawns the {}", kLaneNames[static_cast<std::size_t>(lane)]));
    }
    check_messages();
    return std::move(broken_);
  }

 private:
  template <class... Arguments>
  void complain(Lane lane, std::size_t step, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    broken_.push_back(fmt::format("{} step {}: {}", kLaneNames[static_cast<std::size_t>(lane)], step,
                                  fmt::format(text, std::forward<Arguments>(arguments)...)));
  }

  void check_action(Lane lane, std::size_t number, const Action& action, std::set<Slot>& known, bool pivoted) {
    const SlotUse use = slot_use(action);
    for (const Slot slot : use.reads) {
      if (!known.contains(slot)) complain(lane, number, "reads slot '{}' before it is written", plan_.slot_name(slot));
    }
    if (pivoted && names_host_path(action)) complain(lane, number, "names a host path after the pivot");
    if (!pivoted && elsewhere_ && lane != Lane::kParent && needs_hosts_mounts(action))
      complain(lane, number, "names a path of mounts that it was not born among");
    if (!pivoted && pivots_ && works_in_own_root(action)) complain(lane, number, "works in the host's root");
    if (const auto* home = std::get_if<FindHome>(&action)) check_home(lane, number, *home);
    if (lacks_root(action)) complain(lane, number, "works on a path inside the root without the root's slot");
  }

  // What those who are born by Spawn::mounts have no sight of. Files that they open are below /proc.
  static bool needs_hosts_mounts(const Action& action) {
    if (const auto* root = std::get_if<MountRoot>(&action)) return root->tree == kNoSlot;
    if (const auto* attach = std::get_if<AttachCgroup>(&action)) return attach->tasks.count != 0;
    if (const auto* tree = std::get_if<OpenTree>(&action)) return static_cast<bool>(tree->source);
    return std::holds_alternative<RunHook>(action);
  }

  void check_home(Lane lane, std::size_t number, const FindHome& home) {
    const auto* exec = std::get_if<Exec>(&plan_.lane(lane).back().action);
    const bool is_there = exec != nullptr && home.variable < exec->environment.count;
    if (!is_there) complain(lane, number, "finds a home for no variable of the program's");
  }

  bool child_waits_before_it_mounts() const {
    for (const Step& step : plan_.lane(Lane::kChild)) {
      if (std::holds_alternative<Await>(step.action)) return true;
      if (std::holds_alternative<MountRoot>(step.action) || std::holds_alternative<MountOverlayRoot>(step.action))
        break;
    }
    return false;
  }

  // A lane's process starts with what its parent knew when it was cloned, so lanes are followed where they are spawned.
  void check_lane(Lane lane, std::set<Slot> known) {
    bool pivoted = false;
    bool told = false;  // the lane that was spawned goes on
    const std::vector<Step>& steps = plan_.lane(lane);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const Step& step = steps[i];
      check_action(lane, i, step.action, known, pivoted);
      if (step.fallback != kNoFallback) {
        const Fallback& fallback = plan_.fallback(step);
        check_action(lane, i, fallback.action, known, pivoted);
        if (fallback.errnos[0] == 0) complain(lane, i, "has a second alternative without the errnos that lead to it");
      }
      if (const auto* spawn = std::get_if<Spawn>(&step.action)) check_spawn(lane, i, spawn->lane, known);
      for (const Slot slot : slot_use(step.action).writes) {
        if (!known.insert(slot).second) complain(lane, i, "writes slot '{}' a second time", plan_.slot_name(slot));
      }
      if (is_host_visible(lane, step.action) && step.undo == Undo::kNone)
        complain(lane, i, "shows on the host and has no undo");
      if (std::holds_alternative<Pivot>(step.action)) pivoted = true;
      const bool spawns = std::holds_alternative<Spawn>(step.action);
      if (std::holds_alternative<Signal>(step.action) || (spawns && !child_waits_before_it_mounts())) told = true;
      if (told && std::holds_alternative<IdMapTree>(step.action))
        complain(lane, i, "changes a tree that the child may have mounted by then");
    }
  }

  void check_spawn(Lane lane, std::size_t number, Lane spawned, const std::set<Slot>& known) {
    if (const Spawn& spawn = std::get<Spawn>(plan_.lane(lane)[number].action); spawn.mounts != kNoSlot)
      elsewhere_ = true;
    if (spawned <= lane || !spawned_.insert(spawned).second) {
      complain(lane, number, "spawns the {} a second time", kLaneNames[static_cast<std::size_t>(spawned)]);
    } else {
      check_lane(spawned, known);
    }
  }

  // Messages of one direction arrive in the order in which they were sent; each lane alternates as its steps say.
  struct Event {
    bool sends;
    Tag tag;
  };
  std::vector<Event> events(Lane lane) const {
    std::vector<Event> events;
    for (const Step& step : plan_.lane(lane)) {
      if (const auto* signal = std::get_if<Signal>(&step.action)) events.push_back({true, signal->tag});
      if (const auto* await = std::get_if<Await>(&step.action)) events.push_back({false, await->tag});
      if (std::holds_alternative<SendDescriptor>(step.action)) events.push_back({true, Tag::kDescriptor});
      if (std::holds_alternative<ReceiveDescriptor>(step.action)) events.push_back({false, Tag::kDescriptor});
    }
    return events;
  }

  void check_messages() {
    std::vector<Event> others = events(Lane::kLauncher);
    const std::vector<Event> child = events(Lane::kChild);
    // Both are at the same end: what the child says before it was spoken to may come first.
    if (!others.empty() && !child.empty() && child.front().sends) {
      broken_.push_back("the child may speak before the launcher has been heard");
    }
    others.insert(others.end(), child.begin(), child.end());
    const std::vector<Event> parent = events(Lane::kParent);
    if (parent.size() != others.size())
      broken_.push_back("a lane waits for a message nobody sends, or sends one nobody awaits");
    for (std::size_t i = 0; i < std::min(parent.size(), others.size()); ++i) {
      if (parent[i].tag != others[i].tag || parent[i].sends == others[i].sends) {
        broken_.push_back(fmt::format("the lanes disagree about message {}", i));
        return;
      }
    }
  }

  const Plan& plan_;
  const bool pivots_ = std::any_of(plan_.lane(Lane::kChild).begin(), plan_.lane(Lane::kChild).end(),
                                   [](const Step& step) { return std::holds_alternative<Pivot>(step.action); });
  bool elsewhere_ = false;
  std::set<Lane> spawned_;
  std::vector<std::string> broken_;
};

}  // namespace

SlotUse slot_use(const Action& action) {
  return std::visit(
      Overloaded{
          [](const MakeCgroup& a) {
            return a.first == kNoSlot ? SlotUse{} : SlotUse{{}, run_of(a.first, a.directories.count)};
          },
          [](const RestrictDevices& a) { return SlotUse{{a.cgroup}, {}}; },
          [](const GiveCgroup& a) { return SlotUse{{a.cgroup}, {}}; },
          [](const WriteFile& a) { return SlotUse{present({a.directory}), {}}; },
          [](const MapIds& a) { return SlotUse{{a.pid}, {}}; },
          [](const IdMapTree& a) { return SlotUse{present({a.tree, a.pid, a.user_namespace}), {}}; },
          [](const Unshare& a) { return SlotUse{present({a.ahead}), {}}; },
          [](const MakeUserNamespace& a) { return SlotUse{{}, {a.slot}}; },
          [](const MoveNetworkDevice& a) { return SlotUse{{a.pid}, {a.index, a.network}}; },
          [](const JoinResctrlGroup& a) { return SlotUse{{a.pid}, {a.made}}; },
          [](const Spawn& a) { return SlotUse{present({a.cgroup, a.mounts}), present({a.pid, a.pidfd})}; },
          [](const AwaitStart& a) { return SlotUse{{a.listener}, {}}; },
          [](const SendDescriptor& a) { return SlotUse{present({a.descriptor, a.value}), {}}; },
          [](const ReceiveDescriptor& a) { return SlotUse{present({a.sender}), present({a.descriptor, a.value})}; },
          [](const RunHook& a) { return SlotUse{present({a.pid}), {}}; },
          [](const AskSystemd& a) { return SlotUse{present({a.pid}), {}}; },
          [](const OpenFile& a) { return SlotUse{{}, {a.slot}}; },
          [](const JoinNamespace& a) { return SlotUse{{a.descriptor}, {}}; },
          [](const AttachCgroup& a) { return SlotUse{run_of(a.first, a.count), {}}; },
          [](const OpenTree& a) { return SlotUse{present({a.view}), {a.slot}}; },
          [](const MountRoot& a) { return SlotUse{present({a.tree}), {a.root}}; },
          [](const MountOverlayRoot& a) {
            SlotUse use{run_of(a.first_layer, a.layers), {a.root}};
            use.reads.push_back(a.writable);
            return use;
          },
          [](const Mount& a) { return SlotUse{present({a.root, a.tree}), {}}; },
          [](const MakeDevice& a) { return SlotUse{present({a.root}), {}}; },
          [](const BindDevice& a) { return SlotUse{present({a.root}), {}}; },
          [](const MakeLink& a) { return SlotUse{present({a.root}), {}}; },
          [](const Pivot& a) { return SlotUse{{a.root}, {}}; },
          [](const ChangeRoot& a) { return SlotUse{{a.root}, {}}; },
          [](const Mask& a) { return SlotUse{present({a.root, a.null, a.empty}), {}}; },
          [](const MakeReadOnly& a) { return SlotUse{present({a.root}), {}}; },
          [](const SetAttribute& a) { return SlotUse{present({a.pid}), {}}; },
          [](const SetLabel& a) { return SlotUse{{a.procfs}, {}}; },
          [](const ConnectStreams& a) { return SlotUse{present({a.input, a.output, a.error, a.root}), {}}; },
          [](const Console& a) { return SlotUse{present({a.root}), {a.master}}; },
          [](const LoadFilter& a) { return SlotUse{{}, present({a.listener})}; },
          [](const SendListener& a) { return SlotUse{{a.pid, a.listener}, {}}; },
          [](const auto&) { return SlotUse{}; },
      },
      action);
}

std::vector<std::string> broken_rules(const Plan& plan) { return Checker(plan).check(); }

}  // namespace caisson::plan
