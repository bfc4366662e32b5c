#include "runtime/launch.h"

#include <fcntl.h>

#include <fmt/format.h>

#include "explain/failure.h"
#include "host/probe.h"
#include "plan/build.h"
#include "runtime/examine.h"

namespace caisson::runtime {

namespace {

bool failed_at_execution(const plan::Plan& plan, const plan::Failure& failure) {
  const plan::Step* step = explain::failed_step(plan, failure);
  return step != nullptr &&
         (std::holds_alternative<plan::Exec>(step->action) || std::holds_alternative<plan::FindProgram>(step->action));
}

}  // namespace

std::string diagnosis(const plan::Plan& plan, const plan::Failure& failure, pid_t pid) {
  return pid > 0 && failed_at_execution(plan, failure) ? examine_execution(plan, failure, pid) : std::string();
}

Result<> check_preserved(std::uint32_t count) {
  for (std::uint32_t fd = 3; fd < 3 + count; ++fd) {
    if (::fcntl(static_cast<int>(fd), F_GETFD) < 0)
      return fail(
          complaint(fmt::format("--preserve-fds {}: preserved-fd {} (descriptor {}) is not open", count, fd - 3, fd)));
  }
  return {};
}

void tell(const plan::Plan& plan, const Log& log) {
  if (!log.shows(LogLevel::kDebug)) return;
  log.debug(fmt::format("plan: {} steps of this process, {} of a launcher, {} of the container's process",
                        plan.lane(plan::Lane::kParent).size(), plan.lane(plan::Lane::kLauncher).size(),
                        plan.lane(plan::Lane::kChild).size()));
}

LaunchError told(const plan::Plan& plan, const plan::Failure& failure, const HostFacts& facts, std::string diagnosis) {
  HostFacts facts_for_hints = facts;
  host::probe_for_hints(facts_for_hints);
  explain::Told words = explain::tell(plan, failure, facts_for_hints);
  return {.line = std::move(words.line),
          .hint = diagnosis.empty() ? std::move(words.hint) : std::move(diagnosis),
          .exit_status = explain::exit_status(plan, failure)};
}

std::expected<Launched, LaunchError> launch(const plan::Plan& plan, const Descriptors& descriptors,
                                            const HostFacts& facts, Times times) {
  execute::Executor executor(plan);
  executor.give(plan::kSlotInput, descriptors.input);
  executor.give(plan::kSlotOutput, descriptors.output);
  executor.give(plan::kSlotError, descriptors.error);
  executor.give(plan::kSlotTarget, descriptors.target);
  executor.give(plan::kSlotStart, descriptors.start);
  executor.give(plan::kSlotFewMounts, descriptors.few_mounts);
  executor.give(plan::kSlotNetwork, descriptors.network);
  if (times == Times::kYes) executor.time_steps();

  std::string found;
  auto started = executor.run([&](const plan::Failure& failure, pid_t pid) { found = diagnosis(plan, failure, pid); });
  if (started) {
    return Launched{.pid = started->pid,
                    .pidfd = std::move(started->pidfd),
                    .terminal = std::move(started->terminal),
                    .network = std::move(started->network),
                    .channel = std::move(started->channel),
                    .times = executor.step_times()};
  }
  return std::unexpected(told(plan, started.error(), facts, std::move(found)));
}

}  // namespace caisson::runtime
