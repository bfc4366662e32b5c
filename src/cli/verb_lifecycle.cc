// start, restart, stop, kill, pause, unpause, rm.
#include <signal.h>

#include <cstdio>

#include <fmt/format.h>

#include "base/signals.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/selection.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/lifecycle.h"
#include "engine/start.h"
#include "engine/value_grammar.h"
#include "engine/volumes.h"
#include "terminal/detach_keys.h"

namespace caisson::cli {

namespace {

struct LifecycleOptions : Selection {
  std::optional<int> signal;
  std::optional<std::int32_t> timeout_s;
  bool force = false;
  bool until_boot = false;
  bool running = false;  ///< restart: those that run
  bool attach = false;
  bool interactive = false;
  bool sig_proxy = true;
  std::string detach_keys = engine::RunOptions().detach_keys;
  bool volumes = false;
};
using Row = Option<LifecycleOptions>;

Result<> set_signal(LifecycleOptions& options, const Use& use) {
  options.signal = parse_signal(use.value);
  if (!options.signal) return fail(complaint(fmt::format("there is no signal '{}'", use.value)));
  return {};
}

Result<> set_timeout(LifecycleOptions& options, const Use& use) {
  const auto seconds = parse_signed(use.value);
  if (!seconds || *seconds < -1 || *seconds > INT32_MAX / 1000)
    return fail(complaint(fmt::format("'{}' is no number of seconds, or -1", use.value)));
  options.timeout_s = static_cast<std::int32_t>(*seconds);
  return {};
}

template <auto Member>
Result<> set_flag(LifecycleOptions& options, const Use& use) {
  options.*Member = use.value == "true";
  return {};
}

constexpr std::string_view kTimeoutHelp =
    "How long to wait before killing (default the container's, or 10; -1: for ever)";

const Row kStartOptions[] = {
    {{"attach", 'a', {}, {}, "Stay with it: print what it writes, pass signals on, end with its exit status"},
     set_flag<&LifecycleOptions::attach>},
    {{"interactive", 'i', {}, {}, "Stay with it, and give it this command's input"},
     set_flag<&LifecycleOptions::interactive>},
    {{"sig-proxy", 0, {}, {}, "Pass signals on to it (default true)"}, set_flag<&LifecycleOptions::sig_proxy>},
    {{"detach-keys", 0, "KEYS", {}, "Keys that leave it running (default ctrl-p,ctrl-q)"},
     [](LifecycleOptions& options, const Use& use) -> Result<> {
       return options.detach_keys = TRY(terminal::parse_detach_keys(use.value)), Result<>();
     }},
    all_row<LifecycleOptions>("All that do not run", 0),
    latest_row<LifecycleOptions>(),
    filter_row<LifecycleOptions>(),
};
const Row kRestartOptions[] = {
    {{"signal", 's', "SIGNAL", {}, "Signal to stop it with (default the container's)"}, set_signal},
    {{"timeout", 't', "SECONDS", {}, kTimeoutHelp}, set_timeout},
    {{"time", 0, "SECONDS", {}, {}, false, "timeout"}, set_timeout},
    all_row<LifecycleOptions>("All there are"),
    {{"running", 0, {}, {}, "All that run"}, set_flag<&LifecycleOptions::running>},
    latest_row<LifecycleOptions>(),
    filter_row<LifecycleOptions>(),
    id_file_row<LifecycleOptions>(),
};
const Row kStopOptions[] = {
    {{"signal", 's', "SIGNAL", {}, "Signal to send first (default the container's)"}, set_signal},
    {{"timeout", 't', "SECONDS", {}, kTimeoutHelp}, set_timeout},
    {{"time", 0, "SECONDS", {}, {}, false, "timeout"}, set_timeout},
    {{"until-boot",
      0,
      {},
      {},
      "The host goes down: with the next boot, a restart policy holds as if it ran until then"},
     set_flag<&LifecycleOptions::until_boot>},
    all_row<LifecycleOptions>("All that run"),
    latest_row<LifecycleOptions>(),
    filter_row<LifecycleOptions>(),
    ignore_row<LifecycleOptions>(),
    id_file_row<LifecycleOptions>(),
};
const Row kKillOptions[] = {
    {{"signal", 's', "SIGNAL", {}, "Signal to send, by name or number (default KILL)"}, set_signal},
    all_row<LifecycleOptions>("All that run"),
    latest_row<LifecycleOptions>(),
    filter_row<LifecycleOptions>(),
    id_file_row<LifecycleOptions>(),
};
const Row kPauseOptions[] = {
    all_row<LifecycleOptions>("All that run"),
    latest_row<LifecycleOptions>(),
    filter_row<LifecycleOptions>(),
    id_file_row<LifecycleOptions>(),
};
const Row kUnpauseOptions[] = {
    all_row<LifecycleOptions>("All that are paused"),
    latest_row<LifecycleOptions>(),
    filter_row<LifecycleOptions>(),
    id_file_row<LifecycleOptions>(),
};
const Row kRmOptions[] = {
    {{"force", 'f', {}, {}, "Kill it first if it is running, and pass over one that is not there"},
     set_flag<&LifecycleOptions::force>},
    {{"volumes", 'v', {}, {}, "Remove the volumes too that were made for it alone"},
     set_flag<&LifecycleOptions::volumes>},
    {{"timeout", 't', "SECONDS", {}, "With --force: how long to wait before killing (default 0)"}, set_timeout},
    {{"time", 0, "SECONDS", {}, {}, false, "timeout"}, set_timeout},
    all_row<LifecycleOptions>("All that do not run; with --force those that run too"),
    latest_row<LifecycleOptions>(),
    filter_row<LifecycleOptions>(),
    ignore_row<LifecycleOptions>(),
    id_file_row<LifecycleOptions>(),
};

// The names that a verb is given, once what has died is known. Nothing: `status` is the exit status.
template <class Table>
std::optional<std::vector<std::string>> read_names(const Command& command, const Table& table,
                                                   LifecycleOptions& options, int& status) {
  auto names = read_words(command, table, options, status);
  if (names) engine::sweep(command.places, command.log);
  return names;
}

bool runs(const engine::Container& container) { return container.live.has_value(); }
bool runs_not(const engine::Container& container) { return !container.live; }
bool is_any(const engine::Container&) { return true; }
bool is_paused(const engine::Container& container) { return container.is_paused; }
bool can_pause(const engine::Container& container) {
  return container.live && container.live->process.pid != 0 && !container.is_paused;
}

Result<> as_result(const engine::RunResult& result) {
  if (result) return {};
  return fail(complaint(result.error().line, result.error().hint));
}

Result<> start_detached(const Command& command, const engine::Container& container) {
  if (container.live) return {};  // as docker: it is what was asked for
  runtime::Stopwatch watch;
  return as_result(engine::start(container.record, {.detached = true}, command.places, command.log, watch));
}

// The exit status is the container's.
int start_attached(const Command& command, const LifecycleOptions& options, const std::vector<std::string>& names) {
  const Result<engine::Container> container = find_selected(command, options, names);
  if (!container) return refuse(command, container.error());
  const engine::Attendance attendance{
      .input = options.interactive, .sig_proxy = options.sig_proxy, .detach_keys = options.detach_keys};
  runtime::Stopwatch watch;
  const engine::RunResult result =
      container->live ? engine::attach(*container, attendance, command.places, command.log)
                      : engine::start(container->record, attendance, command.places, command.log, watch);
  return result ? *result : refuse(command, result.error());
}

}  // namespace

Manual start_manual() {
  return {"[-ai] CONTAINER…", "Starts containers that were created, or have ended.", spellings(kStartOptions)};
}

int verb_start(const Command& command) {
  LifecycleOptions options;
  int status = 0;
  const auto names = read_names(command, kStartOptions, options, status);
  if (!names) return status;
  if (const int refused = protect_own_executable(command); refused != 0) return refused;
  if (options.attach || options.interactive) return start_attached(command, options, *names);
  return for_each_selected(command, options, *names, runs_not,
                           [&](const engine::Container& container) { return start_detached(command, container); });
}

Manual restart_manual() {
  return {"[-t SECONDS] CONTAINER…", "Stops containers, and starts them again.", spellings(kRestartOptions)};
}

int verb_restart(const Command& command) {
  LifecycleOptions options;
  int status = 0;
  const auto names = read_names(command, kRestartOptions, options, status);
  if (!names) return status;
  if (const int refused = protect_own_executable(command); refused != 0) return refused;
  const Fits fits = options.running ? runs : is_any;
  options.all = options.all || options.running;
  return for_each_selected(command, options, *names, fits, [&](const engine::Container& container) {
    return engine::restart_container(command.places, container, options.signal, options.timeout_s, command.log);
  });
}

Manual stop_manual() {
  return {"[-t SECONDS] CONTAINER…", "Asks containers to end, and ends those that do not.", spellings(kStopOptions)};
}

int verb_stop(const Command& command) {
  LifecycleOptions options;
  int status = 0;
  const auto names = read_names(command, kStopOptions, options, status);
  if (!names) return status;
  return for_each_selected(command, options, *names, runs, [&](const engine::Container& container) {
    const auto stop = options.until_boot ? engine::stop_until_boot : engine::stop_container;
    return stop(command.places, container, options.signal, options.timeout_s, command.log);
  });
}

Manual kill_manual() { return {"[-s SIGNAL] CONTAINER…", "Sends a signal to containers.", spellings(kKillOptions)}; }

int verb_kill(const Command& command) {
  LifecycleOptions options;
  int status = 0;
  const auto names = read_names(command, kKillOptions, options, status);
  if (!names) return status;
  const int signal = options.signal.value_or(SIGKILL);
  return for_each_selected(command, options, *names, runs, [&](const engine::Container& container) -> Result<> {
    TRY(engine::kill_container(command.places, container, signal));
    return signal == SIGKILL ? engine::await_end(command.places, container, command.log) : Result<>();
  });
}

Manual pause_manual() {
  return {"CONTAINER…", "Stops all processes of containers where they are.", spellings(kPauseOptions)};
}

int verb_pause(const Command& command) {
  LifecycleOptions options;
  int status = 0;
  const auto names = read_names(command, kPauseOptions, options, status);
  if (!names) return status;
  return for_each_selected(command, options, *names, can_pause, [&](const engine::Container& container) {
    return engine::pause_container(command.places, container);
  });
}

Manual unpause_manual() {
  return {"CONTAINER…", "Lets the processes of paused containers go on.", spellings(kUnpauseOptions)};
}

int verb_unpause(const Command& command) {
  LifecycleOptions options;
  int status = 0;
  const auto names = read_names(command, kUnpauseOptions, options, status);
  if (!names) return status;
  return for_each_selected(command, options, *names, is_paused, [&](const engine::Container& container) {
    return engine::unpause_container(command.places, container);
  });
}

Manual rm_manual() { return {"[-fv] CONTAINER…", "Removes containers.", spellings(kRmOptions)}; }

int verb_rm(const Command& command) {
  LifecycleOptions options;
  int status = 0;
  const auto names = read_names(command, kRmOptions, options, status);
  if (!names) return status;
  if (options.timeout_s && !options.force)
    return refuse(command, complaint("--timeout (-t): only with --force, which ends what runs"));
  options.ignore = options.ignore || options.force;
  const Fits fits = options.force ? is_any : runs_not;
  return for_each_selected(command, options, *names, fits, [&](const engine::Container& container) -> Result<> {
    if (options.timeout_s.value_or(0) != 0)
      TRY(engine::stop_container(command.places, container, std::nullopt, options.timeout_s, command.log));
    TRY(engine::remove(command.places, container, options.force ? engine::Force::kYes : engine::Force::kNo,
                       command.log));
    return options.volumes ? engine::remove_anonymous_volumes(command.places, container.record) : Result<>();
  });
}

}  // namespace caisson::cli
