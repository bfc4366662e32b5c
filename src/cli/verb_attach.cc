#include <cstdio>

#include "cli/command.h"
#include "cli/selection.h"
#include "command_line/options.h"
#include "engine/attach.h"
#include "engine/conclude.h"
#include "engine/run_options.h"
#include "terminal/detach_keys.h"

namespace caisson::cli {

namespace {

struct AttachOptions : Selection {
  engine::Attendance attendance{.input = true, .detach_keys = engine::RunOptions().detach_keys};
};

const Option<AttachOptions> kOptions[] = {
    {{"no-stdin", 0, {}, {}, "Give it no input"},
     [](AttachOptions& options, const Use& use) -> Result<> {
       return options.attendance.input = use.value != "true", Result<>();
     }},
    {{"sig-proxy", 0, {}, {}, "Pass signals on to it (default true)"},
     [](AttachOptions& options, const Use& use) -> Result<> {
       return options.attendance.sig_proxy = use.value == "true", Result<>();
     }},
    {{"detach-keys", 0, "KEYS", {}, "Keys that leave it running (default ctrl-p,ctrl-q)"},
     [](AttachOptions& options, const Use& use) -> Result<> {
       return options.attendance.detach_keys = TRY(terminal::parse_detach_keys(use.value)), Result<>();
     }},
    latest_row<AttachOptions>(),
};

}  // namespace

Manual attach_manual() {
  return {"[OPTION…] CONTAINER",
          "Prints what a running container writes from now on, gives it this command's input, and ends "
          "with its exit status.",
          spellings(kOptions)};
}

int verb_attach(const Command& command) {
  AttachOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  engine::sweep(command.places, command.log);
  const Result<engine::Container> container = find_selected(command, options, parsed->operands);
  if (!container) return refuse(command, container.error());
  // Without a keeper's input there is nothing to type into.
  engine::Attendance attendance = options.attendance;
  attendance.input = attendance.input && (container->record.interactive || container->record.terminal);
  const engine::RunResult result = engine::attach(*container, attendance, command.places, command.log);
  return result ? *result : refuse(command, result.error());
}

}  // namespace caisson::cli
