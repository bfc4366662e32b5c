// Runs a plan: the parent's lane here, the others in the processes it clones.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <functional>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "execute/act.h"
#include "plan/failure.h"
#include "plan/plan.h"

namespace caisson::execute {

/// A process that executes its program now (or, with wait_for_start, is ready to).
struct Started {
  pid_t pid = 0;
  Fd pidfd;
  Fd terminal;  ///< the master of its terminal, if the plan made one
  Fd network;   ///< its network namespace, if the plan hands it over
  Fd channel;  ///< of one that waits to be started (plan::AwaitStart): let_wait() takes it, closing it ends the process
};

/// Tells a process that waits to be started that it is recorded: from here on it waits for start_waiting(). EPIPE if it
/// is gone.
Result<> let_wait(Fd channel);

/// How long a step took, in its own lane.
struct StepTime {
  plan::Lane lane{};
  std::uint16_t step = 0;
  std::int64_t nanoseconds = 0;
};

/// Called when a step of another process failed, while that process still stands where it failed (pid 0: it never came
/// to be): what it sees can be examined through /proc/PID.
using Examine = std::function<void(const plan::Failure& failure, pid_t pid)>;

/// Starts the process `pid` that waits behind `connection`, a socket connected to the one it listens at, and waits
/// until it executes its program. The failure's steps are those of the plan that the process was made with.
std::expected<void, plan::Failure> start_waiting(Fd connection, pid_t pid, const Examine& examine);

/// A plan that is about to be run, once, by a single-threaded process: the child is a plain copy of it that may not
/// allocate.
class Executor {
 public:
  explicit Executor(const plan::Plan& plan);
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  ~Executor();

  /// Fills a slot that the plan expects from its caller. The descriptor stays the caller's; it must be 3 or above.
  void give(std::string_view slot_name, int descriptor);

  /// Asks for step_times().
  void time_steps();

  /// For tests of what a failure leaves: the step is not done and fails with this errno. No command line leads here.
  void fail_at(plan::Lane lane, std::uint16_t step, int error) {
    context_.forced = {lane, step, static_cast<std::int16_t>(error)};
  }

  /// Runs the plan to the execution of the program. On failure everything is undone: processes killed and reaped,
  /// host-visible steps taken back in reverse order; what could not be is in the failure's `undo`.
  std::expected<Started, plan::Failure> run(const Examine& examine);

  std::vector<StepTime> step_times() const;

 private:
  void seal();
  bool waits_for_start() const;
  bool await_execution();
  plan::Failure failure_of(const Outcome& outcome) const;
  void end_processes(plan::Failure& failure);
  void end_process(pid_t pid, bool kill, plan::Failure& failure);
  void hear_of_child();
  void undo(plan::Failure& failure);
  void undo_step(std::uint16_t number, plan::Failure& failure);
  pid_t spawned_pid(plan::Lane lane) const;

  const plan::Plan& plan_;
  std::vector<int> slots_;
  std::vector<char*> arguments_;
  std::vector<char*> environment_;
  Context context_;
  std::int64_t* marks_ = nullptr;
  std::int64_t begun_ = 0;
};

}  // namespace caisson::execute
