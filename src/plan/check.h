// What must hold for every plan, whatever it was made from. Run over generated configurations by the tests, and over
// each plan before it is executed in debug builds.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace caisson::plan {

/// The slots an action reads and writes.
struct SlotUse {
  std::vector<Slot> reads;
  std::vector<Slot> writes;
};
SlotUse slot_use(const Action& action);

/// The rules that `plan` breaks, one sentence each; none for a good plan:
/// a slot is written once, before it is read; every lane is spawned, once; every await has its signal in order on the
/// other side, and the child says nothing before the launcher has been heard; no step after the pivot names a host
/// path; no path inside the root goes without the root's slot; no host-visible step without an undo; a second
/// alternative names the errnos that lead to it.
std::vector<std::string> broken_rules(const Plan& plan);

}  // namespace caisson::plan
