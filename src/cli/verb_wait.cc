#include <chrono>
#include <cstdio>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command.h"
#include "cli/selection.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/value_grammar.h"

namespace caisson::cli {

namespace {

struct WaitOptions : Selection {
  std::vector<std::string> conditions;  ///< words of engine::status_word(), or "stopped"
  std::chrono::nanoseconds interval{std::chrono::milliseconds(250)};
};

constexpr std::string_view kConditions[] = {"created", "running",    "paused", "exited",
                                            "stopped", "restarting", "removed"};

Result<> add_condition(WaitOptions& options, const Use& use) {
  for (const std::string_view known : kConditions) {
    if (use.value == known) return options.conditions.emplace_back(use.value), Result<>();
  }
  return fail(
      complaint(fmt::format("'{}' is no condition", use.value), fmt::format("{} are", fmt::join(kConditions, ", "))));
}

const Option<WaitOptions> kOptions[] = {
    {{"condition", 0, "STATUS", {}, "Wait for this instead (default stopped); one of several will do", true},
     add_condition},
    {{"interval", 'i', "DURATION", {}, "How often to look, with --condition (default 250ms)"},
     [](WaitOptions& options, const Use& use) -> Result<> {
       return options.interval = TRY(engine::read_duration(use.value)), Result<>();
     }},
    latest_row<WaitOptions>(),
    ignore_row<WaitOptions>(0),
};

bool holds(const engine::Container& container, const std::vector<std::string>& conditions) {
  const std::string_view status = engine::status_word(container);
  for (const std::string& condition : conditions) {
    if (condition == status || (condition == "stopped" && status == "exited")) return true;
  }
  return false;
}

// docker's and podman's word for "no end": -1.
Result<int> wait_for_condition(const Command& command, const WaitOptions& options, const engine::Container& container) {
  for (;;) {
    const Result<engine::Container> now = engine::find_container(command.places, container.record.id);
    if (!now && engine::is_no_such_container(now.error())) return -1;
    if (!now) return fail(now.error());
    if (holds(*now, options.conditions)) return now->ending ? now->ending->exit_code : -1;
    std::this_thread::sleep_for(options.interval);
  }
}

Result<int> wait(const Command& command, const WaitOptions& options, const engine::Container& container) {
  if (!options.conditions.empty()) return wait_for_condition(command, options, container);
  if (!container.live && !container.ending && !container.record.started) return 0;  // as podman: it has not begun
  return TRY(engine::wait_for_end(command.places, container)).exit_code;
}

}  // namespace

Manual wait_manual() {
  return {"[--condition STATUS] CONTAINER…", "Waits until containers have ended, and prints their exit statuses.",
          spellings(kOptions)};
}

int verb_wait(const Command& command) {
  WaitOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  engine::sweep(command.places, command.log);
  const auto any = [](const engine::Container&) { return true; };
  const auto wait_and_print = [&](const engine::Container& container) -> Result<> {
    std::printf("%d\n", TRY(wait(command, options, container)));
    std::fflush(stdout);
    return {};
  };
  return for_each_selected(command, options, parsed->operands, any, wait_and_print, Print::kNothing);
}

}  // namespace caisson::cli
