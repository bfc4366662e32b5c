// A failure in words: one line, a hint where a cause is likely, and the exit status that callers expect.
#pragma once

#include <string>

#include "host/facts.h"
#include "plan/failure.h"
#include "plan/plan.h"

namespace caisson::explain {

/// What is said about a failure. `hint` is empty where no cause is likely.
struct Told {
  std::string line;
  std::string hint;
};

/// The failure as one line without a newline: what the user asked for, the step, the call with its operands, the errno:
/// `mounts[2]: mount devpts at /dev/pts: fsconfig("gid", "5"): Invalid argument`.
///
/// StepFailure.operand is taken as: an option's number for fsconfig (the number of options: the file system's creation
/// itself), a candidate's for execve, a directory's for MakeCgroup, a cgroup's for AttachCgroup, a capability's number
/// for prctl at SetIds. What callers parse is kept: `exec: "foo": executable file not found in $PATH: No such file or
/// directory`.
Told tell(const plan::Plan& plan, const plan::Failure& failure, const HostFacts& facts);

/// Docker's exit status: 127 where the command was not found, 126 where it cannot be invoked, 125 for everything else.
int exit_status(const plan::Plan& plan, const plan::Failure& failure);

/// The step that failed; null if the failure names none.
const plan::Step* failed_step(const plan::Plan& plan, const plan::Failure& failure);

/// The action that failed: the step's, or that of its second alternative.
const plan::Action& failed_action(const plan::Plan& plan, const plan::Step& step, const plan::StepFailure& what);

}  // namespace caisson::explain
