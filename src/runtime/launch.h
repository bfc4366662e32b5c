// From a plan to a running process, or to the words that say why there is none.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/log.h"
#include "base/result.h"
#include "execute/executor.h"
#include "host/facts.h"
#include "plan/plan.h"

namespace caisson::runtime {

/// What the plan's given slots are filled with: descriptors numbered 3 or above, borrowed.
struct Descriptors {
  int input = -1;
  int output = -1;
  int error = -1;
  int target = -1;      ///< pidfd of the process whose namespaces are joined
  int start = -1;       ///< the socket that it waits to be started at
  int few_mounts = -1;  ///< kernel::few_mounts()
  int network = -1;     ///< kernel::NetworkAhead's
};

struct Launched {
  pid_t pid = 0;
  Fd pidfd;
  Fd terminal;
  Fd network;                            ///< its network namespace, if the plan hands it over
  Fd channel;                            ///< of one that waits to be started: for execute::let_wait()
  std::vector<execute::StepTime> times;  ///< if they were asked for
};

/// Why nothing runs: one line, a hint where a cause is likely, docker's exit status (125, 126, 127).
struct LaunchError {
  std::string line;
  std::string hint;
  int exit_status = 125;
};

/// Errors: one of the caller's descriptors 3 … 2+`count`, which are to reach the program, is not open. To be asked
/// before this process opens anything of its own.
Result<> check_preserved(std::uint32_t count);

/// Tells `log` at level debug what is about to be done: "plan: 41 steps of this process, …".
void tell(const plan::Plan& plan, const Log& log);

enum class Times { kNo, kYes };

/// Runs `plan` to the execution of its program. The caller must be single-threaded. On failure nothing is left on the
/// host; a program that could not be executed is examined where it was to run.
std::expected<Launched, LaunchError> launch(const plan::Plan& plan, const Descriptors& descriptors,
                                            const HostFacts& facts, Times times = Times::kNo);

/// Why the program that `failure` is about could not be executed by the process `pid`, which stands where it failed;
/// empty for failures of another kind.
std::string diagnosis(const plan::Plan& plan, const plan::Failure& failure, pid_t pid);

/// A failure in words; `diagnosis` is a better hint than any other.
LaunchError told(const plan::Plan& plan, const plan::Failure& failure, const HostFacts& facts, std::string diagnosis);

}  // namespace caisson::runtime
