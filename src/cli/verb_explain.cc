#include <algorithm>
#include <array>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/caller.h"
#include "cli/command.h"
#include "cli/explain_seccomp.h"
#include "cli/run_options.h"
#include "command_line/options.h"
#include "engine/containers.h"
#include "engine/networking.h"
#include "engine/prepare.h"
#include "explain/json.h"
#include "explain/listing.h"
#include "explain/shell.h"

namespace caisson::cli {

namespace {

enum class Format : std::uint8_t { kText, kShell, kJson };
struct ExplainOptions {
  Format format = Format::kText;
};

const Option<ExplainOptions> kOptions[] = {
    {{"format", 0, "FORMAT", "Form", "text, shell (a script that makes the same container) or json (default text)"},
     [](ExplainOptions& options, const Use& use) -> Result<> {
       if (use.value == "text") return options.format = Format::kText, Result<>();
       if (use.value == "shell") return options.format = Format::kShell, Result<>();
       if (use.value == "json") return options.format = Format::kJson, Result<>();
       return fail(complaint(fmt::format("'{}' is none of text, shell, json", use.value)));
     }},
};

std::string render(const plan::Plan& plan, Format format) {
  switch (format) {
    case Format::kText: return explain::as_text(plan);
    case Format::kShell: return explain::as_shell(plan);
    case Format::kJson: return explain::as_json(plan);
  }
  return {};
}

Result<std::string> explain_run(const Command& command, const std::vector<std::string>& arguments, Format format) {
  const RunCommandLine line = TRY(parse_run(arguments, this_caller()));
  const std::string id = engine::new_id();
  const std::string name = line.options.name.empty() ? short_id(id) : line.options.name;
  runtime::Stopwatch watch;
  const engine::Prepared prepared =
      TRY(engine::prepare(line.options, {id, name}, command.places, engine::Unpack::kNever, command.log, watch));
  for (const std::string& warning : prepared.composed.warnings) command.log.warning(warning);
  std::string text = render(prepared.plan, format);
  const std::vector<std::string> networks = TRY(engine::network_words(command.places, prepared.record));
  if (networks.empty()) return text;
  if (format == Format::kJson) {
    auto document = nlohmann::ordered_json::parse(text);
    document["networks"] = networks;
    return document.dump() + "\n";
  }
  text += format == Format::kShell ? "\n# networks, before the program begins:\n"
                                   : "\nnetworks, before the program begins:\n";
  unsigned number = 0;
  for (const std::string& words : networks)
    text += fmt::format(fmt::runtime(format == Format::kShell ? "# N{:02} {}\n" : "  N{:02}  {}\n"), ++number, words);
  return text;
}

Manual explain_run_manual() {
  Manual manual = run_manual();
  manual.about = "Shows what `caisson run` would do for these words, step by step, and does none of it.";
  return manual;
}

constexpr std::array kVerbs = {
    Verb{"run", "Show the plan of a container, and make none", nullptr, explain_run_manual},
    Verb{"seccomp", "Show what becomes of a system call under a profile", nullptr, explain_seccomp_manual},
};

}  // namespace

std::span<const Verb> explain_verbs() { return kVerbs; }

Manual explain_manual() {
  return {
      "[OPTION…] run [OPTION…] SOURCE [COMMAND…]\n"
      "[OPTION…] seccomp [OPTION…] PROFILE SYSCALL [ARGUMENT…]",
      "Shows the plan of a container, and makes none; or what becomes of a system call under a profile, and which "
      "rule says so.",
      spellings(kOptions), Order::kBeforeOperands};
}

int verb_explain(const Command& command) {
  ExplainOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kBeforeOperands);
  if (!parsed) return refuse(command, parsed.error());
  const std::string what = parsed->operands.empty() ? std::string() : parsed->operands[0];
  const auto verb = std::ranges::find(kVerbs, std::string_view(what), &Verb::name);
  if (verb == kVerbs.end()) {
    std::fputs(help_text("caisson explain", explain_manual()).c_str(), stderr);
    return kRefused;
  }
  const std::vector<std::string> rest(parsed->operands.begin() + 1, parsed->operands.end());
  const Manual manual = verb->manual();
  if (asks_for_help(manual, rest)) {
    std::fputs(help_text("caisson explain " + what, manual).c_str(), stdout);
    return 0;
  }
  if (what == "seccomp" && options.format == Format::kShell)
    return refuse(command, complaint("--format shell: a shell cannot load a filter"));
  const Form form = options.format == Format::kJson ? Form::kJson : Form::kText;
  const Result<std::string> text =
      what == "seccomp" ? explain_seccomp(command, rest, form) : explain_run(command, rest, options.format);
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

}  // namespace caisson::cli
