// A whole plan as text for people.
#pragma once

#include <string>

#include "plan/plan.h"

namespace caisson::explain {

/// The number of a step: "P01", "L02", "C17".
std::string step_number(plan::Lane lane, std::size_t index);

/// The plan: lane after lane, each step with its number, item, words, reason ("why: …"), second alternative
/// ("or, on EPERM: …") and, for messages, the step of the other lane at their other end.
std::string as_text(const plan::Plan& plan);

}  // namespace caisson::explain
