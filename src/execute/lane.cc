#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <variant>

#include "execute/act.h"
#include "execute/channel.h"
#include "kernel/syscalls.h"

namespace caisson::execute {

namespace {

constexpr int kReportedFailure = 70;  // EX_SOFTWARE; nobody reads it: the packet has said everything

std::int64_t monotonic_nanoseconds() {
  struct timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

Outcome run_action(const plan::Action& action, Context& context) noexcept {
  return std::visit([&](const auto& one) { return act(one, context); }, action);
}

bool leads_to_fallback(const plan::Fallback& fallback, int error) {
  return error != 0 &&
         std::find(std::begin(fallback.errnos), std::end(fallback.errnos), error) != std::end(fallback.errnos);
}

// The process that this lane has made before it failed: whoever is its parent has to know of it. 0: none.
pid_t spawned_before(const Context& context) noexcept {
  const std::vector<plan::Step>& steps = context.plan->lane(context.lane);
  for (std::size_t i = 0; i < std::min<std::size_t>(context.step, steps.size()); ++i) {
    if (const auto* spawn = std::get_if<plan::Spawn>(&steps[i].action)) return context.at(spawn->pid);
  }
  return 0;
}

}  // namespace

void reset_signals() noexcept {
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void Held::reset(int fd) noexcept {
  const int error = errno;
  if (fd_ >= 0) ::close(fd_);
  errno = error;
  fd_ = fd;
}

Outcome run_lane(Context& context) noexcept {
  const std::vector<plan::Step>& steps = context.plan->lane(context.lane);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    context.step = static_cast<std::uint16_t>(i);
    const Forced& forced = context.forced;
    const bool is_forced = forced.error != 0 && forced.lane == context.lane && forced.step == i;
    Outcome outcome = is_forced ? failed_with(plan::Call::kForced, forced.error) : run_action(steps[i].action, context);
    std::uint8_t alternative = 0;
    if (!outcome.ok() && !is_forced && steps[i].fallback != plan::kNoFallback) {
      const plan::Fallback& fallback = context.plan->fallback(steps[i]);
      if (leads_to_fallback(fallback, outcome.error)) {
        outcome = run_action(fallback.action, context);
        alternative = 1;
      }
    }
    if (context.marks != nullptr && i < plan::kSlots) {
      context.marks[static_cast<std::size_t>(context.lane) * plan::kSlots + i] = monotonic_nanoseconds();
    }
    if (!outcome.ok()) {
      if (context.received.call == plan::Call::kNone) {
        context.received = {context.step, outcome.call, alternative, outcome.operand, outcome.error};
        context.received_lane = context.lane;
      }
      return outcome;
    }
  }
  return done();
}

void run_process(Context& context, plan::Lane lane, const Outcome& begun) noexcept {
  if (!begun.ok()) {
    context.received = {context.step, begun.call, 1, begun.operand, begun.error};
    context.received_lane = context.lane;
  }
  context.lane = lane;
  if (lane == plan::Lane::kChild) {
    reset_signals();
    ::umask(0);  // the modes of what the steps make are theirs; the program's own mask is a step
  }
  if (begun.ok() && run_lane(context).ok()) ::_exit(0);  // a launcher; a child's last step does not return

  Packet report{.tag = plan::Tag::kFailed, .lane = context.received_lane, .failure = context.received};
  report.value = spawned_before(context);
  send_packet(context.channel, report);
  if (has_words(context.received)) send_words(context.channel, context.said);
  Packet answer;
  int descriptor = -1;
  // Stands here until the parent has looked, or is gone; what the parent had said before it knew does not count.
  while (receive_packet(context.channel, answer, descriptor) == Received::kPacket && answer.tag != plan::Tag::kGone) {
  }
  ::_exit(kReportedFailure);
}

}  // namespace caisson::execute
