#include "oci/command.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/own_executable.h"
#include "oci/global_options.h"

namespace caisson::oci {

namespace {

constexpr std::array kVerbs = {
    Verb{"create", "[OPTION…] ID", "Create a container from a bundle; its program waits to be started", verb_create},
    Verb{"start", "ID", "Start the program of a created container", verb_start},
    Verb{"run", "[OPTION…] ID", "Create a container and run its program at once", verb_run},
    Verb{"state", "ID", "Print the state of a container as JSON", verb_state},
    Verb{"kill", "[OPTION…] ID [SIGNAL]", "Send a signal (SIGTERM) to a container's first process", verb_kill},
    Verb{"delete", "[OPTION…] ID", "Remove what a container has left, or the container", verb_delete},
    Verb{"exec", "[OPTION…] ID COMMAND [ARGUMENT…]", "Run a further process in a container", verb_exec},
    Verb{"list", "[OPTION…]", "List the containers", verb_list},
    Verb{"ps", "[OPTION…] ID [PS-OPTION…]", "List the processes in a container", verb_ps},
    Verb{"pause", "ID", "Stop all processes of a container where they are", verb_pause},
    Verb{"resume", "ID", "Let those of a paused container go on", verb_resume},
    Verb{"update", "[OPTION…] ID", "Change the limits of a container", verb_update},
    Verb{"events", "[OPTION…] ID", "Print what a container uses, and when it is out of memory, as JSON", verb_events},
    Verb{"checkpoint", "[OPTION…] ID", "Write what a container does to files, and end it", verb_checkpoint},
    Verb{"restore", "[OPTION…] ID", "Have a container go on from such files", verb_restore},
    Verb{"spec", "[OPTION…]", "Write a config.json to start from", verb_spec},
    Verb{"features", "", "Print what this runtime supports as JSON", verb_features},
    Verb{"explain", "[OPTION…] BUNDLE", "Show what creating a container would do, step by step, and do none of it",
         verb_explain},
};

const Verb* find_verb(std::string_view name) {
  const auto found = std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Verb& verb) { return verb.name == name; });
  return found == kVerbs.end() ? nullptr : &*found;
}

Error unknown_verb(std::string_view word) {
  std::vector<std::string_view> names;
  for (const Verb& verb : kVerbs) names.push_back(verb.name);
  const auto meant = nearest(word, names);
  return complaint(fmt::format("No help topic for '{}'", word),
                   meant ? fmt::format("did you mean '{}'?", *meant) : "caisson-oci help lists the commands");
}

std::string help_of(const Verb& verb, const std::vector<Spelling>& rows) {
  const std::string usage =
      fmt::format("caisson-oci [GLOBAL OPTION…] {}{}{}", verb.name, verb.usage.empty() ? "" : " ", verb.usage);
  return help_text(usage, fmt::format("{}.", verb.summary), rows);
}

int help(const Command& command, const std::string& topic) {
  if (topic.empty()) {
    std::fputs(overview().c_str(), stdout);
    return 0;
  }
  const Verb* verb = find_verb(topic);
  if (verb == nullptr) {
    std::printf("No help topic for '%s'\n", topic.c_str());
    return kFailed;
  }
  Command asked{.verb = verb->name, .root = command.root, .arguments = {"--help"}};
  return verb->run(asked);
}

int run_verb(Command& command, const std::vector<std::string>& words) {
  if (words.empty() || words.front() == "help" || words.front() == "h")
    return help(command, words.size() > 1 ? words[1] : std::string());
  const Verb* verb = find_verb(words.front());
  if (verb == nullptr) return refuse(command, unknown_verb(words.front()));
  command.verb = verb->name;
  command.arguments.assign(words.begin() + 1, words.end());
  const Log& log = command.report.log();
  if (log.shows(LogLevel::kDebug)) {
    log.debug(fmt::format("caisson-oci {}, process {}: {}; containers are kept in {}", CAISSON_VERSION, ::getpid(),
                          fmt::join(words, " "), command.root.path));
  }
  return verb->run(command);
}

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

int run_command_line(char** process_arguments) {
  Command command{.process_arguments = process_arguments};
  std::vector<std::string> arguments;
  for (char** argument = process_arguments + 1; *argument != nullptr; ++argument) arguments.emplace_back(*argument);
  const Result<std::vector<std::string>> words = read_global_options(arguments, command);
  if (!words) return refuse(command, words.error());
  const int status = words->size() == 1 && words->front() == kVersionWord ? print_version() : run_verb(command, *words);
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  return refuse(command, os_error("write", "standard output"));
}

int protect_own_executable(const Command& command) {
  const Result<> done = kernel::protect_own_executable(command.process_arguments, own_path(command));
  return done ? 0 : refuse(command, done.error());
}

int refuse(const Command& command, const runtime::LaunchError& error) {
  const bool says_verb = command.verb == "create" || command.verb == "run" || command.verb == "exec";
  command.report.error(says_verb ? fmt::format("{} failed: {}", command.verb, error.line) : error.line, error.hint);
  return command.verb == "exec" ? kExecFailed : kFailed;
}

int refuse_usage(const Command& command, const Error& error) {
  command.report.error(error.text(), error.hint);
  return kFailed;
}

int refuse(const Command& command, const Error& error) {
  return refuse(command, runtime::LaunchError{.line = error.text(), .hint = error.hint, .exit_status = kFailed});
}

std::optional<std::vector<std::string>> finish(const Command& command, Result<Parsed> parsed,
                                               const std::vector<Spelling>& rows, Operands operands, int& status) {
  const Verb& verb = *find_verb(command.verb);
  if (!parsed) {
    status = refuse_usage(command, parsed.error());
    return std::nullopt;
  }
  if (parsed->help) {
    std::fputs(help_of(verb, rows).c_str(), stdout);
    status = 0;
    return std::nullopt;
  }
  const std::size_t count = parsed->operands.size();
  if (count >= operands.least && count <= operands.most) return std::move(parsed->operands);
  const std::string usage = fmt::format("usage: caisson-oci {} {}", verb.name, verb.usage);
  const std::string wrong = count < operands.least
                                ? "an argument is missing"
                                : fmt::format("'{}' is an argument too many", parsed->operands[operands.most]);
  status = refuse_usage(command, complaint(wrong, usage));
  return std::nullopt;
}

std::optional<std::vector<std::string>> read_operands(const Command& command, Operands operands, int& status) {
  const std::vector<Spelling> none;
  const auto apply = [](std::size_t, const Use&) -> Result<> { return {}; };
  const std::vector<std::string> arguments = with_double_dashes(none, command.arguments, Order::kAnywhere);
  return finish(command, scan(none, arguments, Order::kAnywhere, apply), none, operands, status);
}

Result<std::uint32_t> read_count(const Use& use) {
  constexpr std::uint64_t kMost = 400;  // below Report's kFirstOwn
  const auto number = parse_unsigned(use.value);
  if (!number || *number > kMost)
    return fail(complaint(fmt::format("'{}' is not a number from 0 to {}", use.value, kMost)));
  return static_cast<std::uint32_t>(*number);
}

}  // namespace caisson::oci
