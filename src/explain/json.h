// A whole plan as JSON for programs.
#pragma once

#include <string>

#include "plan/plan.h"

namespace caisson::explain {

/// {"version":1,"given":[names],"lanes":[{"lane":"parent","steps":[…]}]}, and each step
/// {"step":"P01","kind":"MakeCgroup","words":…,"item":…,"reason":…,"undo":"remove","operands":{…},
///  "fallback":{"errnos":["EPERM"],"kind":…,"words":…,"operands":{…}}}.
/// Operands are named as the members of plan/step.h; slots and flags are there by name; absent ones are left out.
std::string as_json(const plan::Plan& plan);

}  // namespace caisson::explain
