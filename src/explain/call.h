// A failed system call with its operands, as strace would print it.
#pragma once

#include <string>

#include "plan/failure.h"
#include "plan/plan.h"

namespace caisson::explain {

/// `fsconfig("gid", "5")`, `clone3(CLONE_NEWPID|CLONE_NEWNS)`; a check of our own is a sentence: "it is not a
/// directory".
std::string describe_call(const plan::Plan& plan, const plan::Action& action, const plan::StepFailure& what);

}  // namespace caisson::explain
