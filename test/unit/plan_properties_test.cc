// What holds for every plan, over configurations from a generator; and that the checker sees each rule broken.
#include <sched.h>
#include <cerrno>

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <set>

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generated_config.h"
#include "plan/build.h"
#include "plan/check.h"
#include "spec/validate.h"

namespace caisson::plan {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kConfigs = 2000;
constexpr std::uint64_t kMutated = 300;
constexpr std::array kAllLanes = {Lane::kParent, Lane::kLauncher, Lane::kChild};

Plan container_plan(std::uint64_t seed) {
  const GeneratedContainer made = generate_container(seed);
  auto plan = plan_container(made.config, made.facts, made.request);
  if (!plan) ADD_FAILURE() << "seed " << seed << ": " << plan.error().text();
  return plan ? std::move(*plan) : Plan();
}
Plan process_plan(std::uint64_t seed) {
  const GeneratedProcess made = generate_process(seed);
  auto plan = plan_process(made.process, made.target, made.facts, made.request);
  if (!plan) ADD_FAILURE() << "seed " << seed << ": " << plan.error().text();
  return plan ? std::move(*plan) : Plan();
}

void for_each_plan(std::uint64_t count, const std::function<void(const Plan&)>& check) {
  for (std::uint64_t seed = 0; seed < count && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    check(container_plan(seed));
    check(process_plan(seed));
  }
}

template <class A>
const A* find(const Plan& plan, Lane lane) {
  for (const Step& step : plan.lane(lane)) {
    if (const A* action = std::get_if<A>(&step.action)) return action;
  }
  return nullptr;
}

template <class A>
std::size_t count(const Plan& plan, Lane lane) {
  const auto& steps = plan.lane(lane);
  return static_cast<std::size_t>(std::count_if(
      steps.begin(), steps.end(), [](const Step& step) { return std::holds_alternative<A>(step.action); }));
}

// --- what holds ------------------------------------------------------------------------------------------------------

TEST(Generator, MakesValidConfigurations) {
  for (std::uint64_t seed = 0; seed < kConfigs; ++seed) {
    const spec::Findings findings = spec::validate(generate_container(seed).config);
    for (const spec::Problem& problem : findings.errors) ADD_FAILURE() << "seed " << seed << ": " << problem.line();
  }
}

TEST(Generator, ReachesEveryKindOfStep) {
  std::set<std::size_t> kinds;
  std::size_t fallbacks = 0;
  for_each_plan(kConfigs, [&](const Plan& plan) {
    for (const Lane lane : kAllLanes) {
      for (const Step& step : plan.lane(lane)) {
        kinds.insert(step.action.index());
        if (step.fallback == kNoFallback) continue;
        kinds.insert(plan.fallback(step).action.index());
        ++fallbacks;
      }
    }
  });
  EXPECT_EQ(kinds.size(), std::variant_size_v<Action>);
  EXPECT_GT(fallbacks, 0U);
}

TEST(EveryPlan, KeepsTheRules) {
  for_each_plan(kConfigs, [](const Plan& plan) { EXPECT_THAT(broken_rules(plan), IsEmpty()); });
}

// The choreography once more, by playing it: lanes stop at what they wait for, and whichever can go on may be the next.
class Rehearsal {
 public:
  explicit Rehearsal(const Plan& plan) {
    for (const Lane lane : kAllLanes) {
      for (const Step& step : plan.lane(lane)) {
        if (const auto event = event_of(step.action)) lanes_[index(lane)].push_back(*event);
      }
    }
  }

  // True if every order that the scheduler may choose ends with all lanes at their ends; a last wait for `start` is the
  // caller's.
  bool always_ends() { return ends_from({}); }

 private:
  struct Event {
    enum { kSend, kReceive, kSpawn } what;
    Tag tag{};
    Lane lane{};
  };
  struct State {
    std::array<std::size_t, kLanes> at{};
    std::array<bool, kLanes> lives = {true, false, false};
    std::deque<Tag> to_parent;
    std::deque<Tag> to_others;
  };

  static std::size_t index(Lane lane) { return static_cast<std::size_t>(lane); }
  static std::optional<Event> event_of(const Action& action) {
    if (const auto* signal = std::get_if<Signal>(&action)) return Event{Event::kSend, signal->tag};
    if (const auto* await = std::get_if<Await>(&action)) return Event{Event::kReceive, await->tag};
    if (std::holds_alternative<SendDescriptor>(action)) return Event{Event::kSend, Tag::kDescriptor};
    if (std::holds_alternative<ReceiveDescriptor>(action)) return Event{Event::kReceive, Tag::kDescriptor};
    if (const auto* spawn = std::get_if<Spawn>(&action)) return Event{Event::kSpawn, {}, spawn->lane};
    return std::nullopt;
  }

  bool ends_from(const State& state) {
    bool moved = false;
    for (const Lane lane : kAllLanes) {
      if (!state.lives[index(lane)] || state.at[index(lane)] == lanes_[index(lane)].size()) continue;
      State next = state;
      const Event& event = lanes_[index(lane)][next.at[index(lane)]++];
      std::deque<Tag>& out = lane == Lane::kParent ? next.to_others : next.to_parent;
      std::deque<Tag>& in = lane == Lane::kParent ? next.to_parent : next.to_others;
      if (event.what == Event::kSend) out.push_back(event.tag);
      if (event.what == Event::kSpawn) next.lives[index(event.lane)] = true;
      if (event.what == Event::kReceive) {
        if (in.empty()) continue;  // it waits
        if (in.front() != event.tag) return false;
        in.pop_front();
      }
      moved = true;
      if (!ends_from(next)) return false;
    }
    return moved || all_ended(state);
  }

  bool all_ended(const State& state) const {
    const auto& child = lanes_[index(Lane::kChild)];
    return child.size() == state.at[index(Lane::kChild)] && state.at[0] == lanes_[0].size() &&
           state.at[1] == lanes_[1].size() && state.to_parent.empty() && state.to_others.empty();
  }

  std::array<std::vector<Event>, kLanes> lanes_;
};

TEST(EveryPlan, ComesToItsEndInWhateverOrderItsProcessesRun) {
  for_each_plan(kConfigs, [](const Plan& plan) { EXPECT_TRUE(Rehearsal(plan).always_ends()); });
}

TEST(EveryPlan, EndsWithTheProgramAndKnowsItsProcess) {
  for_each_plan(kConfigs, [](const Plan& plan) {
    ASSERT_FALSE(plan.lane(Lane::kChild).empty());
    EXPECT_TRUE(std::holds_alternative<Exec>(plan.lane(Lane::kChild).back().action));
    for (const std::string_view slot : {kSlotPid, kSlotPidfd}) EXPECT_NE(plan.find_slot(slot), kNoSlot);
    EXPECT_LT(plan.slot_count(), kSlots);
  });
}

TEST(EveryPlan, ClosesDescriptorsBeforeItGivesUpPowerAndExecutes) {
  for_each_plan(kConfigs, [](const Plan& plan) {
    const auto& child = plan.lane(Lane::kChild);
    const auto last = [&](auto holds) {
      std::size_t position = 0;
      for (std::size_t i = 0; i < child.size(); ++i) {
        if (holds(child[i].action)) position = i;
      }
      return position;
    };
    const std::size_t closed = last([](const Action& a) { return std::holds_alternative<CloseDescriptors>(a); });
    const std::size_t ids = last([](const Action& a) { return std::holds_alternative<SetIds>(a); });
    EXPECT_GT(closed, 0U);
    EXPECT_LT(closed, ids);
    for (std::size_t i = closed + 1; i < child.size(); ++i) {
      if (std::holds_alternative<LoadFilter>(child[i].action)) continue;  // a listener closes by itself
      EXPECT_TRUE(slot_use(child[i].action).writes.empty()) << "opens something that the program would inherit";
    }
    // What the change of ids takes off again has to be set after it.
    for (std::size_t i = 0; i < child.size(); ++i) {
      const auto* attribute = std::get_if<SetAttribute>(&child[i].action);
      if (attribute != nullptr && attribute->attribute == Attribute::kDeathSignal) {
        EXPECT_GT(i, ids);
      }
    }
  });
}

TEST(EveryPlan, LoadsItsFilterWhileItMayAndNoSooner) {
  for_each_plan(kConfigs, [](const Plan& plan) {
    const auto& child = plan.lane(Lane::kChild);
    const auto at = [&](auto is) {
      return static_cast<std::size_t>(std::find_if(child.rbegin(), child.rend(), is).base() - child.begin());
    };
    const std::size_t filter = at([](const Step& s) { return std::holds_alternative<LoadFilter>(s.action); });
    const std::size_t ids = at([](const Step& s) { return std::holds_alternative<SetIds>(s.action); });
    const std::size_t given_up = at([](const Step& s) {
      const auto* attribute = std::get_if<SetAttribute>(&s.action);
      return attribute != nullptr && attribute->attribute == Attribute::kNoNewPrivileges;
    });
    const std::size_t hook = at([](const Step& s) {  // of those that the process runs itself, in its own bounds
      return std::holds_alternative<RunHook>(s.action);
    });
    if (filter == 0) return;
    if (given_up == 0 || hook > ids) {
      EXPECT_LT(filter, ids);
    } else {
      EXPECT_GT(filter, given_up);
      EXPECT_GT(filter, ids);
    }
  });
}

TEST(EveryContainer, JoinsWhatTheHostOwnsBeforeItIsInAUserNamespace) {
  for_each_plan(kConfigs, [](const Plan& plan) {
    bool in_user_namespace = false;
    for (const Lane lane : kAllLanes) {
      for (const Step& step : plan.lane(lane)) {
        const auto* join = std::get_if<JoinNamespace>(&step.action);
        // An ordinary user has no power over the others before it is in the user namespace, which owns them.
        const bool ordinary =
            find<SetIds>(plan, Lane::kChild) != nullptr && find<OpenTree>(plan, Lane::kParent) == nullptr;
        EXPECT_FALSE(in_user_namespace && join != nullptr && !ordinary);
        if (join != nullptr && (join->flags & CLONE_NEWUSER) != 0) in_user_namespace = true;
        const auto* spawn = std::get_if<Spawn>(&step.action);
        if (spawn != nullptr && (spawn->flags & CLONE_NEWUSER) != 0) in_user_namespace = true;
      }
    }
    for (const Step& step : plan.lane(Lane::kChild)) {
      const auto* device = std::get_if<MakeDevice>(&step.action);
      const bool refused = in_user_namespace && device != nullptr && !S_ISFIFO(device->mode);
      EXPECT_FALSE(refused) << "mknod(2) is refused in a user namespace, but for a fifo";
    }
  });
}

TEST(EveryContainer, AsksForNoAmbientCapabilityThatItCannotHave) {
  for_each_plan(kConfigs, [](const Plan& plan) {
    for (const Step& step : plan.lane(Lane::kChild)) {
      if (const auto* ids = std::get_if<SetIds>(&step.action)) {
        EXPECT_EQ(ids->ambient & ~(ids->permitted & ids->inheritable), 0U);
      }
    }
  });
}

TEST(Planning, IsTheSameEveryTime) {
  const Plan once = container_plan(7);
  const Plan again = container_plan(7);
  for (const Lane lane : kAllLanes) {
    ASSERT_EQ(once.lane(lane).size(), again.lane(lane).size());
    for (std::size_t i = 0; i < once.lane(lane).size(); ++i) {
      EXPECT_EQ(once.view(once.lane(lane)[i].item), again.view(again.lane(lane)[i].item));
    }
  }
}

// --- what the checker sees -------------------------------------------------------------------------------------------

using Lanes = std::array<std::vector<Step>, kLanes>;

// A plan with the same slots and other steps. Its texts are the old plan's and cannot be read: the rules are not about
// them.
Plan with_lanes(const Plan& plan, const Lanes& lanes, bool keep_errnos = true) {
  Plan changed;
  for (Slot slot = 0; slot < plan.slot_count(); ++slot) {
    const bool given =
        std::any_of(plan.given().begin(), plan.given().end(), [&](const Given& g) { return g.slot == slot; });
    given ? changed.give_slot(plan.slot_name(slot)) : changed.new_slot(plan.slot_name(slot));
  }
  changed.new_slot("never written");
  for (const Lane lane : kAllLanes) {
    for (const Step& old : lanes[static_cast<std::size_t>(lane)]) {
      Step& step = changed.append(lane, "", "", old.action);
      step.undo = old.undo;
      if (old.fallback == kNoFallback) continue;
      const Fallback& fallback = plan.fallback(old);
      keep_errnos ? changed.add_fallback(step, fallback.action, {fallback.errnos[0], fallback.errnos[1]})
                  : changed.add_fallback(step, fallback.action, {});
    }
  }
  return changed;
}

Lanes lanes_of(const Plan& plan) {
  return {plan.lane(Lane::kParent), plan.lane(Lane::kLauncher), plan.lane(Lane::kChild)};
}

// Calls `change` with each step of the plan that is a T; where it says that it broke the plan, the checker has to say
// so too.
template <class T>
using Change = std::function<bool(std::vector<Step>& lane, std::size_t at, T& action)>;

template <class T>
void expect_seen(std::string_view complaint, const Change<T>& change) {
  std::size_t broken = 0;
  for_each_plan(kMutated, [&](const Plan& plan) {
    const Lanes lanes = lanes_of(plan);
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
      for (std::size_t i = 0; i < lanes[lane].size(); ++i) {
        if (!std::holds_alternative<T>(lanes[lane][i].action)) continue;
        Lanes changed = lanes;
        T action = std::get<T>(changed[lane][i].action);
        if (!change(changed[lane], i, action)) continue;
        ++broken;
        EXPECT_THAT(broken_rules(with_lanes(plan, changed)), testing::Contains(HasSubstr(std::string(complaint))))
            << "lane " << lane << " step " << i;
      }
    }
  });
  EXPECT_GT(broken, 0U) << "nothing was broken, so nothing was seen";
}

template <class T>
bool drop(std::vector<Step>& lane, std::size_t at, T&) {
  lane.erase(lane.begin() + static_cast<std::ptrdiff_t>(at));
  return true;
}

TEST(Checker, AcceptsThePlanThatItIsGiven) {
  for_each_plan(kMutated,
                [](const Plan& plan) { EXPECT_THAT(broken_rules(with_lanes(plan, lanes_of(plan))), IsEmpty()); });
}

TEST(Checker, SeesAMessageThatIsNotSentOrNotAwaited) {
  expect_seen<Signal>("message", drop<Signal>);
  expect_seen<SendDescriptor>("message", drop<SendDescriptor>);
  expect_seen<ReceiveDescriptor>("message", drop<ReceiveDescriptor>);
  expect_seen<Await>("message", drop<Await>);
}

TEST(Checker, SeesAnotherMessageThanTheOneAwaited) {
  expect_seen<Signal>("the lanes disagree", [](auto& lane, std::size_t at, Signal signal) {
    signal.tag = signal.tag == Tag::kHooked ? Tag::kMounted : Tag::kHooked;
    lane[at].action = signal;
    return true;
  });
}

TEST(Checker, SeesMessagesInAnotherOrder) {
  expect_seen<Signal>("the lanes disagree", [](auto& lane, std::size_t at, Signal&) {
    const auto is_message = [](const Step& step) {
      return std::holds_alternative<Await>(step.action) || std::holds_alternative<SendDescriptor>(step.action) ||
             std::holds_alternative<ReceiveDescriptor>(step.action);
    };
    const auto next = std::find_if(lane.begin() + static_cast<std::ptrdiff_t>(at) + 1, lane.end(), is_message);
    if (next == lane.end()) return false;
    std::swap(lane[at].action, next->action);
    return true;
  });
}

TEST(Checker, SeesAChildThatMaySpeakBeforeTheLauncher) {
  for_each_plan(kMutated, [](const Plan& plan) {
    if (plan.lane(Lane::kLauncher).empty()) return;
    const auto is_mapped = [](const Step& step) {
      const auto* signal = std::get_if<Signal>(&step.action);
      const auto* await = std::get_if<Await>(&step.action);
      return (signal != nullptr && signal->tag == Tag::kPrepared) || (await != nullptr && await->tag == Tag::kPrepared);
    };
    Lanes lanes = lanes_of(plan);
    for (auto& lane : lanes) std::erase_if(lane, is_mapped);
    const Plan hasty = with_lanes(plan, lanes);
    EXPECT_THAT(broken_rules(hasty), testing::Contains(HasSubstr("before the launcher")));
    EXPECT_FALSE(Rehearsal(hasty).always_ends());
  });
}

TEST(Checker, SeesALaneThatNobodyOrEverybodySpawns) {
  expect_seen<Spawn>("nobody spawns the", drop<Spawn>);
  expect_seen<Spawn>("a second time", [](auto& lane, std::size_t at, Spawn&) {
    const Step again = lane[at];
    lane.insert(lane.begin() + static_cast<std::ptrdiff_t>(at), again);
    return true;
  });
}

TEST(Checker, SeesAMissingUndo) {
  const auto forget = [](auto& lane, std::size_t at, auto&) {
    const bool had = lane[at].undo != Undo::kNone;
    lane[at].undo = Undo::kNone;
    return had;
  };
  expect_seen<MakeCgroup>("has no undo", forget);
  expect_seen<Spawn>("has no undo", forget);
  expect_seen<WriteFile>("has no undo", forget);
  expect_seen<MapIds>("has no undo", forget);
  expect_seen<AskSystemd>("has no undo", forget);
  expect_seen<MoveNetworkDevice>("has no undo", forget);
  expect_seen<JoinResctrlGroup>("has no undo", forget);
}

TEST(Checker, SeesASlotThatIsReadBeforeItIsWritten) {
  expect_seen<OpenTree>("before it is written", drop<OpenTree>);
  expect_seen<OpenFile>("before it is written", drop<OpenFile>);
  expect_seen<MountRoot>("before it is written", drop<MountRoot>);
  expect_seen<MakeUserNamespace>("before it is written", drop<MakeUserNamespace>);
  // Who is moved, or joins, has to be there.
  const auto at_first = [](auto& lane, std::size_t at, auto&) {
    std::rotate(lane.begin(), lane.begin() + static_cast<std::ptrdiff_t>(at),
                lane.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    return true;
  };
  expect_seen<MoveNetworkDevice>("reads slot 'pid' before it is written", at_first);
  expect_seen<JoinResctrlGroup>("reads slot 'pid' before it is written", at_first);
  expect_seen<MountRoot>("before it is written", [](auto& lane, std::size_t at, MountRoot&) {
    const auto after = std::find_if(lane.begin() + static_cast<std::ptrdiff_t>(at), lane.end(), [](const Step& step) {
      return std::holds_alternative<Mount>(step.action) || std::holds_alternative<MakeLink>(step.action);
    });
    if (after == lane.end()) return false;
    std::rotate(lane.begin() + static_cast<std::ptrdiff_t>(at), after, std::next(after));
    return true;
  });
}

TEST(Checker, SeesAPathOfMountsThatTheChildWasNotBornAmong) {
  std::size_t broken = 0;
  for_each_plan(kMutated, [&](const Plan& plan) {
    if (plan.find_slot(kSlotFewMounts) == kNoSlot) return;
    Lanes lanes = lanes_of(plan);
    for (Step& step : lanes[static_cast<std::size_t>(Lane::kChild)]) {
      auto* root = std::get_if<MountRoot>(&step.action);
      if (root == nullptr) continue;
      root->tree = kNoSlot;
      ++broken;
    }
    EXPECT_THAT(broken_rules(with_lanes(plan, lanes)), testing::Contains(HasSubstr("was not born among")));
  });
  EXPECT_GT(broken, 0U);
}

TEST(Checker, SeesASlotThatNobodyWrites) {
  for_each_plan(kMutated, [](const Plan& plan) {
    Lanes lanes = lanes_of(plan);
    for (Step& step : lanes[static_cast<std::size_t>(Lane::kChild)]) {
      if (auto* pivot = std::get_if<Pivot>(&step.action)) pivot->root = static_cast<Slot>(plan.slot_count());
      if (auto* root = std::get_if<ChangeRoot>(&step.action)) root->root = static_cast<Slot>(plan.slot_count());
    }
    if (find<Pivot>(plan, Lane::kChild) == nullptr && find<ChangeRoot>(plan, Lane::kChild) == nullptr) return;
    EXPECT_THAT(broken_rules(with_lanes(plan, lanes)),
                testing::ElementsAre(HasSubstr("reads slot 'never written' before it is written")));
  });
}

TEST(Checker, SeesASlotThatIsWrittenTwice) {
  const auto again = [](auto& lane, std::size_t at, auto&) {
    const Step step = lane[at];
    const auto* cgroup = std::get_if<MakeCgroup>(&step.action);
    if (cgroup != nullptr && cgroup->first == kNoSlot) return false;  // it opens nothing
    lane.insert(lane.begin() + static_cast<std::ptrdiff_t>(at), step);
    return true;
  };
  expect_seen<OpenTree>("a second time", again);
  expect_seen<OpenFile>("a second time", again);
  expect_seen<MakeCgroup>("a second time", again);
  expect_seen<MountRoot>("a second time", again);
  expect_seen<Console>("a second time", again);
  expect_seen<MakeUserNamespace>("a second time", again);
  expect_seen<MoveNetworkDevice>("a second time", again);
  expect_seen<JoinResctrlGroup>("a second time", again);
  expect_seen<ReceiveDescriptor>("a second time", again);
}

TEST(Checker, SeesAHostPathAfterThePivot) {
  const auto late = [](auto& lane, std::size_t at, auto&) {
    const auto pivot = std::find_if(lane.begin() + static_cast<std::ptrdiff_t>(at), lane.end(),
                                    [](const Step& step) { return std::holds_alternative<Pivot>(step.action); });
    if (pivot == lane.end()) return false;
    std::rotate(lane.begin() + static_cast<std::ptrdiff_t>(at), lane.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                std::next(pivot));
    return true;
  };
  expect_seen<WriteFile>("names a host path after the pivot", late);
  expect_seen<MountRoot>("names a host path after the pivot", late);
}

// The parent's lane never loses the host: only in the child's do its steps come after a pivot.
template <class T>
void expect_seen_in_the_child() {
  std::size_t broken = 0;
  for_each_plan(kMutated, [&](const Plan& plan) {
    Lanes lanes = lanes_of(plan);
    auto& parent = lanes[static_cast<std::size_t>(Lane::kParent)];
    auto& child = lanes[static_cast<std::size_t>(Lane::kChild)];
    const auto step = std::find_if(parent.begin(), parent.end(),
                                   [](const Step& each) { return std::holds_alternative<T>(each.action); });
    if (step == parent.end() || find<Pivot>(plan, Lane::kChild) == nullptr) return;
    ++broken;
    child.insert(std::prev(child.end()), *step);
    parent.erase(step);
    EXPECT_THAT(broken_rules(with_lanes(plan, lanes)),
                testing::Contains(HasSubstr("names a host path after the pivot")));
  });
  EXPECT_GT(broken, 0U) << "nothing was broken, so nothing was seen";
}

TEST(Checker, SeesWhatIsTheParentsInTheContainer) {
  expect_seen_in_the_child<MakeUserNamespace>();
  expect_seen_in_the_child<MoveNetworkDevice>();
  expect_seen_in_the_child<JoinResctrlGroup>();
}

TEST(Checker, SeesATreeChangedWhenItMayBeMounted) {
  expect_seen<IdMapTree>("may have mounted by then", [](auto& lane, std::size_t at, auto&) {
    const Step step = lane[at];
    lane.erase(lane.begin() + static_cast<std::ptrdiff_t>(at));
    lane.push_back(step);
    return true;
  });
}

TEST(Checker, SeesAPathThatIsNotResolvedInTheRoot) {
  const auto without_root = [](auto& lane, std::size_t at, auto& action) {
    action.root = kNoSlot;
    lane[at].action = action;
    return true;
  };
  expect_seen<Mount>("without the root's slot", without_root);
  expect_seen<MakeDevice>("without the root's slot", without_root);
  expect_seen<MakeLink>("without the root's slot", without_root);
  expect_seen<Mask>("without the root's slot", without_root);
  expect_seen<MakeReadOnly>("without the root's slot", without_root);
}

// A device of the host's is bound where making a node is refused.
TEST(Checker, SeesWhatIsWrongWithASecondAlternative) {
  std::size_t seen = 0;
  for_each_plan(kMutated, [&](const Plan& plan) {
    const Lanes lanes = lanes_of(plan);
    const auto& child = lanes[static_cast<std::size_t>(Lane::kChild)];
    const auto step = std::find_if(child.begin(), child.end(), [&](const Step& each) {
      return each.fallback != kNoFallback && std::holds_alternative<BindDevice>(plan.fallback(each).action);
    });
    if (step == child.end()) return;
    ++seen;
    const auto at = step - child.begin();
    Lanes late = lanes;
    std::rotate(late.back().begin() + at, late.back().begin() + at + 1, std::prev(late.back().end()));
    EXPECT_THAT(broken_rules(with_lanes(plan, late)),
                testing::Contains(HasSubstr("names a host path after the pivot")));
    Lanes rootless = lanes;
    auto bound = std::get<BindDevice>(plan.fallback(*step).action);
    bound.root = kNoSlot;
    rootless.back()[static_cast<std::size_t>(at)] = Step{.action = bound};
    EXPECT_THAT(broken_rules(with_lanes(plan, rootless)), testing::ElementsAre(HasSubstr("without the root's slot")));
  });
  EXPECT_GT(seen, 0U);
}

TEST(Checker, SeesASecondAlternativeThatNothingLeadsTo) {
  std::size_t seen = 0;
  for_each_plan(kMutated, [&](const Plan& plan) {
    const auto& child = plan.lane(Lane::kChild);
    if (std::none_of(child.begin(), child.end(), [](const Step& step) { return step.fallback != kNoFallback; })) return;
    ++seen;
    EXPECT_THAT(broken_rules(with_lanes(plan, lanes_of(plan), false)),
                testing::Contains(HasSubstr("second alternative without the errnos")));
  });
  EXPECT_GT(seen, 0U);
}

}  // namespace
}  // namespace caisson::plan
