// kill, stop, rm, wait.
#include <signal.h>

#include <cstdio>

#include <fmt/format.h>

#include "base/signals.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/names.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/lifecycle.h"
#include "engine/volumes.h"

namespace caisson::cli {

namespace {

struct EndOptions {
  std::optional<int> signal;
  std::optional<std::int32_t> timeout_s;
  bool force = false;
  bool volumes = false;
};

Result<> set_signal(EndOptions& options, const Use& use) {
  options.signal = parse_signal(use.value);
  if (!options.signal) return fail(complaint(fmt::format("there is no signal '{}'", use.value)));
  return {};
}

Result<> set_timeout(EndOptions& options, const Use& use) {
  const auto seconds = parse_signed(use.value);
  if (!seconds || *seconds < -1 || *seconds > INT32_MAX / 1000)
    return fail(complaint(fmt::format("'{}' is no number of seconds, or -1", use.value)));
  options.timeout_s = static_cast<std::int32_t>(*seconds);
  return {};
}

Result<> set_force(EndOptions& options, const Use& use) { return options.force = use.value == "true", Result<>(); }

const Option<EndOptions> kKillOptions[] = {
    {{"signal", 's', "SIGNAL", {}, "Signal to send, by name or number (default KILL)"}, set_signal}};
const Option<EndOptions> kStopOptions[] = {
    {{"signal", 's', "SIGNAL", {}, "Signal to send first (default the container's)"}, set_signal},
    {{"timeout", 't', "SECONDS", {}, "How long to wait before killing (default the container's, or 10; -1: for ever)"},
     set_timeout},
    {{"time", 0, "SECONDS", {}, {}, false, "timeout"}, set_timeout}};
const std::vector<Option<EndOptions>> kWaitOptions;
Result<> set_volumes(EndOptions& options, const Use& use) { return options.volumes = use.value == "true", Result<>(); }

const Option<EndOptions> kRmOptions[] = {
    {{"force", 'f', {}, {}, "Kill it first if it is running"}, set_force},
    {{"volumes", 'v', {}, {}, "Remove the volumes too that were made for it alone"}, set_volumes}};

// Reads the command line of a verb that takes names, or says what is wrong with it. Nothing: `status` is the exit
// status.
template <class Table>
std::optional<std::vector<std::string>> read_names(const Command& command, const Table& table, EndOptions& options,
                                                   std::string_view usage, std::string_view about, int& status) {
  Result<Parsed> parsed = parse(table, options, command.arguments, Order::kAnywhere);
  if (parsed && parsed->help) {
    std::fputs(help_text(usage, about, spellings(table)).c_str(), stdout);
    status = 0;
    return std::nullopt;
  }
  const Result<> named = parsed ? require_names(parsed->operands) : fail(parsed.error());
  if (named) return std::move(parsed->operands);
  status = refuse(command, named.error());
  return std::nullopt;
}

}  // namespace

int verb_kill(const Command& command) {
  EndOptions options;
  int status = 0;
  const auto names = read_names(command, kKillOptions, options, "caisson kill [-s SIGNAL] CONTAINER…",
                                "Sends a signal to containers.", status);
  if (!names) return status;
  return for_each_container(command, *names, [&](const engine::Container& container) {
    return engine::kill_container(command.places, container, options.signal.value_or(SIGKILL));
  });
}

int verb_stop(const Command& command) {
  EndOptions options;
  int status = 0;
  const auto names = read_names(command, kStopOptions, options, "caisson stop [-t SECONDS] CONTAINER…",
                                "Asks containers to end, and ends those that do not.", status);
  if (!names) return status;
  return for_each_container(command, *names, [&](const engine::Container& container) {
    return engine::stop_container(command.places, container, options.signal, options.timeout_s, command.log);
  });
}

int verb_rm(const Command& command) {
  EndOptions options;
  int status = 0;
  const auto names =
      read_names(command, kRmOptions, options, "caisson rm [-f] [-v] CONTAINER…", "Removes containers.", status);
  if (!names) return status;
  engine::sweep(command.places, command.log);
  return for_each_container(command, *names, [&](const engine::Container& container) -> Result<> {
    TRY(engine::remove(command.places, container, options.force ? engine::Force::kYes : engine::Force::kNo,
                       command.log));
    return options.volumes ? engine::remove_anonymous_volumes(command.places, container.record) : Result<>();
  });
}

int verb_wait(const Command& command) {
  EndOptions options;
  int status = 0;
  const auto names = read_names(command, kWaitOptions, options, "caisson wait CONTAINER…",
                                "Waits until containers have ended, and prints their exit statuses.", status);
  if (!names) return status;
  engine::sweep(command.places, command.log);
  for (const std::string& name : *names) {
    const Result<engine::Container> container = engine::find_container(command.places, name);
    const Result<engine::Ending> ending =
        container ? engine::wait_for_end(command.places, *container) : fail(container.error());
    if (ending) {
      std::printf("%d\n", ending->exit_code);
      std::fflush(stdout);
    } else {
      status = refuse(command, ending.error());
    }
  }
  return status;
}

}  // namespace caisson::cli
