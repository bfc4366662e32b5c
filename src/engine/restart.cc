#include "engine/restart.h"

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "engine/pods.h"
#include "engine/start.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

// The former run's descriptors: of those who were attached, and wait for its end.
void close_all_but(int lock) {
  ::syscall(SYS_close_range, 3U, static_cast<unsigned>(lock - 1), 0U);
  ::syscall(SYS_close_range, static_cast<unsigned>(lock + 1), ~0U, 0U);
}

// False if a signal came: it is not to start any more.
bool wait_undisturbed(std::chrono::milliseconds delay) {
  sigset_t ending;
  sigemptyset(&ending);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&ending, signal);
  ::sigprocmask(SIG_BLOCK, &ending, nullptr);
  const timespec time{.tv_sec = delay.count() / 1000, .tv_nsec = delay.count() % 1000 * 1'000'000};
  return ::sigtimedwait(&ending, nullptr, &time) < 0;
}

Live next_of(const Live& live, const Ending& ending) {
  constexpr std::int64_t kLongRun_ns = std::chrono::nanoseconds(kLongRun).count();
  const bool was_short = ending.finished_ns - ending.started_ns < kLongRun_ns;
  Live next{.keeper = live.keeper,
            .started_ns = live.started_ns,
            .restarts = live.restarts + 1,
            .short_runs = was_short ? live.short_runs + 1 : 1};
  next.next_start_ns = now_nanoseconds() + std::chrono::nanoseconds(restart_delay(next.short_runs - 1)).count();
  return next;
}

// Returns only if it does not start: why.
Ending start_again(const Places& places, const Record& record, const Live& next, Fd& lock, const Log& log) {
  runtime::Stopwatch watch;
  const auto failed = [&](const runtime::LaunchError& error) {
    return Ending{.exit_code = error.exit_status,
                  .reason = "could not be started again: " + error.line,
                  .restarts = next.restarts,
                  .started_ns = next.started_ns,
                  .finished_ns = now_nanoseconds()};
  };
  Result<Fd> pod = enter_pod(places, record.pod, WaitForPod::kNever);
  if (!pod) return failed(refusal(pod.error()));
  if (const Result<> ready = start_required(record, places, log); !ready) return failed(refusal(ready.error()));
  Result<Prepared> prepared = prepare_again(record.id, places, log, watch);
  if (!prepared) return failed(refusal(prepared.error()));
  prepared->pod = std::move(*pod);
  if (::ftruncate(lock.get(), 0) != 0) return failed(refusal(os_error("ftruncate", "lock")));
  Start start(Reservation::held(places, record, std::move(lock)), std::move(*prepared), {}, places, log, watch);
  start.count_on(next);
  return failed(start.by_this_process(lock));
}

}  // namespace

Ending conclude_or_restart(const Places& places, const Record& record, const Live& live, std::optional<int> wait_status,
                           Fd lock, const Log& log) {
  Ending ending = settle(places, record, live, wait_status, log);
  if (is_stopped_until_boot(places, record.id) ||
      !restarts(record.restart, {ending.exit_code, ending.asked_for, live.restarts})) {
    put_away(places, record, ending, lock.get(), log);
    return ending;
  }
  const Live next = next_of(live, ending);
  const std::string ending_path = places.container(record.id) + "/" + kEndingFile;
  const bool noted = kernel::replace_file(ending_path, to_json(ending), 0600) &&
                     kernel::replace_file(places.live(record.id) + "/" + kStateFile, to_json(next), 0600);
  close_all_but(lock.get());
  const bool starts =
      noted && wait_undisturbed(restart_delay(next.short_runs - 1)) && !is_asked_to_end(places, record.id);
  if (starts) {
    ending = start_again(places, record, next, lock, log);
  } else {
    // A signal alone is that of a host that goes down, which takes back nothing.
    ending.asked_for = is_asked_to_end(places, record.id) && !is_stopped_until_boot(places, record.id);
  }
  put_away(places, record, ending, lock.get(), log);
  return ending;
}

}  // namespace caisson::engine
