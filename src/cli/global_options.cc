#include "cli/global_options.h"

#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "command_line/options.h"

namespace caisson::cli {

namespace {

struct Global {
  engine::Places places;
  LogLevel level = LogLevel::kWarning;
  LogFormat format = LogFormat::kText;
  bool strict = false;
  bool version = false;
};

constexpr std::string_view kWhere = "Where things are kept";
constexpr std::string_view kSaying = "What is said";

const std::array kOptions = {
    Option<Global>{
        {"root", 0, "DIR", kWhere, "Containers, unpacked layers (default /var/lib/caisson; ~/.local/share/caisson)"},
        [](Global& global, const Use& use) -> Result<> {
          return global.places.root = std::string(use.value), Result<>();
        }},
    Option<Global>{
        {"runroot", 0, "DIR", kWhere, "State of running containers (default /run/caisson; $XDG_RUNTIME_DIR/caisson)"},
        [](Global& global, const Use& use) -> Result<> {
          return global.places.runroot = std::string(use.value), Result<>();
        }},
    Option<Global>{{"log-level", 0, "LEVEL", kSaying, "debug, info, warning or error (default warning)"},
                   [](Global& global, const Use& use) -> Result<> {
                     const auto level = parse_log_level(use.value);
                     if (!level)
                       return fail(complaint(fmt::format("'{}' is none of debug, info, warning, error", use.value)));
                     global.level = *level;
                     return {};
                   }},
    Option<Global>{{"log-format", 0, "FORMAT", kSaying, "text or json (default text)"},
                   [](Global& global, const Use& use) -> Result<> {
                     const auto format = parse_log_format(use.value);
                     if (!format) return fail(complaint(fmt::format("'{}' is neither text nor json", use.value)));
                     global.format = *format;
                     return {};
                   }},
    Option<Global>{
        {"strict", 0, {}, kSaying, "Refuse what would only be warned of"},
        [](Global& global, const Use& use) -> Result<> { return global.strict = use.value == "true", Result<>(); }},
    Option<Global>{
        {"version", 'v', {}, kSaying, "Print the version"},
        [](Global& global, const Use& use) -> Result<> { return global.version = use.value == "true", Result<>(); }},
};

}  // namespace

Result<std::vector<std::string>> read_global_options(const std::vector<std::string>& arguments, Command& command) {
  Global global;
  Parsed parsed = TRY(parse(kOptions, global, arguments, Order::kBeforeOperands));
  command.places = global.places;
  command.log = Log(2, global.level, global.format);
  command.strict = global.strict;
  if (global.version) return std::vector<std::string>{"version"};
  if (parsed.help) return std::vector<std::string>{"help"};
  TRY(engine::find_parts(command.places, command.process_arguments[0]));
  TRY(engine::find_defaults(command.places));
  TRY(engine::make_absolute(command.places));
  return std::move(parsed.operands);
}

Manual overview_manual() {
  return {"[OPTION…] COMMAND …", "Containers from scratch: made by the kernel's own pieces, and explained.",
          spellings(kOptions), Order::kBeforeOperands};
}

std::string overview() {
  std::string commands;
  for (const Verb& verb : verbs()) {
    if (!verb.summary.empty()) commands += fmt::format("  {:<11} {}\n", verb.name, verb.summary);
  }
  return help_text("caisson", overview_manual()) + "\nCommands:\n" + commands +
         "\n`caisson COMMAND --help` tells the rest.\n";
}

Error unknown_verb(std::string_view word) {
  std::vector<std::string_view> names;
  for (const Verb& verb : verbs()) {
    if (!verb.summary.empty()) names.push_back(verb.name);
  }
  const auto meant = nearest(word, names);
  return complaint(fmt::format("there is no command '{}'", word),
                   meant ? fmt::format("did you mean '{}'?", *meant) : "caisson help lists them");
}

}  // namespace caisson::cli
