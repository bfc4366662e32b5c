#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/moment.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/containers.h"
#include "keeper/log_reader.h"
#include "kernel/files.h"

namespace caisson::cli {

namespace {

struct LogsOptions {
  bool follow = false;
  bool timestamps = false;
  keeper::LogQuery query;
};

Result<> set_tail(LogsOptions& options, const Use& use) {
  if (use.value == "all") return options.query.tail.reset(), Result<>();
  const auto lines = parse_unsigned(use.value);
  if (!lines) return fail(complaint(fmt::format("'{}' is no number of lines, nor 'all'", use.value)));
  options.query.tail = lines;
  return {};
}

const Option<LogsOptions> kOptions[] = {
    {{"follow", 'f', {}, {}, "Go on with what is written, until the container ends"},
     [](LogsOptions& options, const Use& use) -> Result<> { return options.follow = use.value == "true", Result<>(); }},
    {{"tail", 'n', "LINES", {}, "The last lines only (default all)"}, set_tail},
    {{"since", 0, "TIME", {}, "From this moment on: RFC 3339, seconds since 1970, or a duration ago (10m)"},
     [](LogsOptions& options, const Use& use) -> Result<> {
       return options.query.since_ns = TRY(parse_moment(use.value)), Result<>();
     }},
    {{"until", 0, "TIME", {}, "Up to this moment"},
     [](LogsOptions& options, const Use& use) -> Result<> {
       return options.query.until_ns = TRY(parse_moment(use.value)), Result<>();
     }},
    {{"timestamps", 't', {}, {}, "Each line's moment before it"},
     [](LogsOptions& options, const Use& use) -> Result<> {
       return options.timestamps = use.value == "true", Result<>();
     }},
};

Result<> print(const keeper::LogEntry& entry, bool timestamps) {
  std::string line;
  if (timestamps) line = fmt::format("{} ", entry.stamp);
  line += entry.text;
  const bool error = entry.stream == keeper::LogStream::kError;
  return kernel::write_all(error ? 2 : 1, line, error ? "standard error" : "standard output");
}

Result<> print_logs(const Command& command, const std::string& name, LogsOptions& options) {
  const engine::Container container = TRY(engine::find_container(command.places, name));
  const Result<Fd> keeper = kernel::open_process(container.live.value_or(engine::Live{}).keeper);
  if (options.follow && keeper) options.query.follow_until = keeper->get();
  return keeper::read_log(command.places.container(container.record.id) + "/log", options.query,
                          [&](const keeper::LogEntry& entry) { return print(entry, options.timestamps); });
}

}  // namespace

Manual logs_manual() { return {"[OPTION…] CONTAINER", "Prints what a container has written.", spellings(kOptions)}; }

int verb_logs(const Command& command) {
  LogsOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.size() != 1) return refuse(command, complaint("the name of one container is needed"));
  engine::sweep(command.places, command.log);
  const Result<> printed = print_logs(command, parsed->operands[0], options);
  return printed ? 0 : refuse(command, printed.error());
}

}  // namespace caisson::cli
