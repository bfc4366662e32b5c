#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/caller.h"
#include "cli/command.h"
#include "cli/selection.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/exec.h"
#include "engine/value_grammar.h"
#include "runtime/launch.h"

namespace caisson::cli {

namespace {

using engine::ExecOptions;

struct ExecInput : ExecOptions, Selection {};

template <bool ExecOptions::* flag>
Result<> set_flag(ExecInput& options, const Use& use) {
  return options.*flag = use.value == "true", Result<>();
}
template <std::string ExecOptions::* text>
Result<> set_text(ExecInput& options, const Use& use) {
  return options.*text = std::string(use.value), Result<>();
}

Result<> set_directory(ExecInput& options, const Use& use) {
  if (!use.value.starts_with('/')) return fail(complaint(fmt::format("'{}' is not an absolute path", use.value)));
  return set_text<&ExecOptions::workdir>(options, use);
}

Result<> add_variable(ExecInput& options, const Use& use) {
  const Cut parts = cut(use.value, '=');
  if (parts.head.empty()) return fail(complaint(fmt::format("'{}' has no name before its '='", use.value)));
  if (parts.tail) {
    options.env.push_back({std::string(parts.head), std::string(*parts.tail)});
  } else if (const char* value = std::getenv(std::string(parts.head).c_str())) {
    options.env.push_back({std::string(parts.head), value});
  }
  return {};
}

Result<> add_file(ExecInput& options, const Use& use) {
  const Caller caller = this_caller();
  const std::string content = TRY(caller.read_file(std::string(use.value)));
  auto variables = TRY(engine::read_environment_file(content, caller.variable));
  options.env_files.insert(options.env_files.end(), variables.begin(), variables.end());
  return {};
}

Result<> set_preserved(ExecInput& options, const Use& use) {
  options.preserve_fds = static_cast<std::uint32_t>(TRY(engine::read_number(use.value, 0, 1 << 20)));
  return {};
}

Result<> set_detach_keys(ExecInput& options, const Use& use) {
  return options.detach_keys = TRY(engine::read_detach_keys(use.value)), Result<>();
}

const Option<ExecInput> kOptions[] = {
    {{"interactive", 'i', {}, {}, "Standard input goes to the command"}, set_flag<&ExecOptions::interactive>},
    {{"tty", 't', {}, {}, "The command gets a terminal"}, set_flag<&ExecOptions::tty>},
    {{"detach", 'd', {}, {}, "Do not wait for it"}, set_flag<&ExecOptions::detach>},
    {{"privileged", 0, {}, {}, "With all capabilities of the host's root"}, set_flag<&ExecOptions::privileged>},
    {{"env", 'e', "NAME[=VALUE]", {}, "Set a variable, or pass the caller's on", true}, add_variable},
    {{"env-file", 0, "FILE", {}, "Set the variables that stand in FILE, one a line", true}, add_file},
    {{"preserve-fds", 0, "N", {}, "Pass on N more open files, from number 3"}, set_preserved},
    latest_row<ExecInput>(),
    {{"detach-keys", 0, "KEYS", {}, "What to type to leave it running (default ctrl-p,ctrl-q)"}, set_detach_keys},
    {{"user", 'u', "USER[:GROUP]", {}, "Run as this user of the container"}, set_text<&ExecOptions::user>},
    {{"workdir", 'w', "DIR", {}, "Run in this directory of the container"}, set_directory},
};

}  // namespace

Manual exec_manual() {
  return {"[OPTION…] CONTAINER COMMAND [ARGUMENT…]", "Runs a command in a running container.", spellings(kOptions),
          Order::kBeforeOperands};
}

int verb_exec(const Command& command) {
  ExecInput options;
  Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kBeforeOperands);
  if (!parsed) return refuse(command, parsed.error());
  std::vector<std::string>& words = parsed->operands;
  if (words.size() < (options.latest ? 1U : 2U))
    return refuse(command, complaint("a container and a command are needed"));
  if (const Result<> open = runtime::check_preserved(options.preserve_fds); !open) return refuse(command, open.error());
  if (const int status = protect_own_executable(command); status != 0) return status;
  engine::sweep(command.places, command.log);
  std::vector<std::string> names;
  if (!options.latest) {
    names.push_back(std::move(words.front()));
    words.erase(words.begin());
  }
  const Result<engine::Container> container = find_selected(command, options, names);
  if (!container) return refuse(command, container.error());
  options.container = container->record.id;
  options.command = std::move(words);
  const engine::RunResult result = engine::exec(options, command.places, command.log);
  return result ? *result : refuse(command, result.error());
}

}  // namespace caisson::cli
