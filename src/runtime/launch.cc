#include "runtime/launch.h"

#include "explain/failure.h"
#include "host/probe.h"
#include "plan/build.h"
#include "runtime/examine.h"

namespace caisson::runtime {

namespace {

bool failed_at_execution(const plan::Plan& plan, const plan::Failure& failure) {
  const plan::Step* step = explain::failed_step(plan, failure);
  return step != nullptr && std::holds_alternative<plan::Exec>(step->action);
}

}  // namespace

std::expected<Launched, LaunchError> launch(const plan::Plan& plan, const Descriptors& descriptors,
                                            const HostFacts& facts, Times times) {
  execute::Executor executor(plan);
  executor.give(plan::kSlotInput, descriptors.input);
  executor.give(plan::kSlotOutput, descriptors.output);
  executor.give(plan::kSlotError, descriptors.error);
  executor.give(plan::kSlotTarget, descriptors.target);
  if (times == Times::kYes) executor.time_steps();

  std::string diagnosis;
  auto started = executor.run([&](const plan::Failure& failure, pid_t pid) {
    if (pid > 0 && failed_at_execution(plan, failure)) diagnosis = examine_execution(plan, failure, pid);
  });
  if (started) {
    return Launched{.pid = started->pid,
                    .pidfd = std::move(started->pidfd),
                    .terminal = std::move(started->terminal),
                    .times = executor.step_times()};
  }

  HostFacts facts_for_hints = facts;
  host::probe_for_hints(facts_for_hints);
  explain::Told told = explain::tell(plan, started.error(), facts_for_hints);
  return std::unexpected(LaunchError{.line = std::move(told.line),
                                     .hint = diagnosis.empty() ? std::move(told.hint) : std::move(diagnosis),
                                     .exit_status = explain::exit_status(plan, started.error())});
}

}  // namespace caisson::runtime
