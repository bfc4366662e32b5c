#include "engine/run.h"

#include <utility>

#include <fmt/format.h>

#include "engine/containers.h"
#include "engine/lifecycle.h"
#include "engine/pod_member.h"
#include "engine/prepare.h"
#include "engine/start.h"
#include "keeper/journal.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

Result<> replace(const RunOptions& options, const Places& places, const Log& log) {
  if (!options.replace) return {};
  if (options.name.empty()) return fail(complaint("--replace: --name says which container"));
  const Result<std::optional<Container>> former = find_by_name(places, options.name);
  if (!former) return fail(former.error());
  return *former ? remove(places, **former, Force::kYes, log) : Result<>();
}

Result<Start> make(const RunOptions& asked, JoinFor purpose, const Places& places, const Log& log,
                   runtime::Stopwatch& watch) {
  TRY(replace(asked, places, log));
  RunOptions options = asked;
  Fd pod = TRY(join_pod(options, purpose, places, log));
  Reservation reservation = TRY(Reservation::make(places, options.name));
  watch.lap("make its directories");
  Prepared prepared =
      TRY(prepare(options, {reservation.id(), reservation.name()}, places, Unpack::kIfMissing, log, watch));
  prepared.pod = std::move(pod);
  if (options.strict && !prepared.composed.warnings.empty())
    return fail(complaint(prepared.composed.warnings[0], "--strict makes this warning an error"));
  for (const std::string& warning : prepared.composed.warnings) log.warning(warning);
  if (prepared.record.log.driver == LogDriver::kJournal && !kernel::exists(std::string(keeper::kJournalSocket)))
    log.warning(fmt::format("what it says is lost: nobody listens at {}, the journal", keeper::kJournalSocket));
  if (prepared.own_ids) say_once_what_is_lacking(*prepared.own_ids, places, log);
  const AttachedStreams attached = options.attached.value_or(AttachedStreams{options.interactive, true, true});
  return Start(std::move(reservation), std::move(prepared),
               {.detached = options.detach,
                .input = options.interactive && attached.input,
                .output = attached.output,
                .error = attached.error,
                .print_id = options.detach || !(attached.output || attached.error),
                .sig_proxy = options.sig_proxy,
                .detach_keys = options.detach_keys,
                .preserve_fds = options.preserve_fds,
                .cidfile = options.cidfile,
                .timings = options.timings},
               places, log, watch);
}

}  // namespace

RunResult run(const RunOptions& options, const Places& places, const Log& log, runtime::Stopwatch& watch) {
  Result<Start> container = make(options, JoinFor::kStart, places, log, watch);
  if (!container) return std::unexpected(refusal(container.error()));
  // Without a proxy for signals, the one that ends this command leaves the container running; one that starts again
  // outlives this command: another has to keep them.
  const bool by_monitor =
      options.tty || options.detach || !options.sig_proxy || options.restart.when != RestartWhen::kNo;
  if (const Result<> ready = start_required(container->record(), places, log); !ready) return refused(ready.error());
  return by_monitor ? container->by_monitor() : container->in_foreground();
}

Result<std::string> create(const RunOptions& options, const Places& places, const Log& log) {
  runtime::Stopwatch watch;
  Start container = TRY(make(options, JoinFor::kLater, places, log, watch));
  return std::move(container).leave_created();
}

}  // namespace caisson::engine
