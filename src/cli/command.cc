#include "cli/command.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/global_options.h"
#include "kernel/own_executable.h"

namespace caisson::cli {

namespace {

constexpr std::array kVerbs = {
    Verb{"run", "Make a container from a root filesystem and run a command in it", verb_run},
    Verb{"ps", "List containers", verb_ps},
    Verb{"exec", "Run a command in a running container", verb_exec},
    Verb{"enter", "Run a command in the namespaces, root and cgroups of any process", verb_enter},
    Verb{"logs", "Print what a container has written", verb_logs},
    Verb{"inspect", "Show all that is known about a container", verb_inspect},
    Verb{"wait", "Wait until a container has ended", verb_wait},
    Verb{"stop", "Ask a container to end, and end it if it does not", verb_stop},
    Verb{"kill", "Send a signal to a container", verb_kill},
    Verb{"rm", "Remove a container", verb_rm},
    Verb{"cp", "Copy files out of a container or into it", verb_cp},
    Verb{"diff", "List what a container has changed of its root filesystem", verb_diff},
    Verb{"export", "Write a container's root filesystem to a tarball", verb_export},
    Verb{"commit", "Make an image of a container and what it has changed", verb_commit},
    Verb{"images", "List images", verb_images},
    Verb{"rmi", "Take names off images, and remove those that have none left", verb_rmi},
    Verb{"tag", "Give an image one more name", verb_tag},
    Verb{"history", "Show how an image was made", verb_history},
    Verb{"image", "Work on images: ls, rm, tag, history, inspect, tree, prune, verify and others", verb_image},
    Verb{"pull", "Pull images from registries and other places", verb_pull},
    Verb{"push", "Push an image to a registry or another place", verb_push},
    Verb{"build", "Build an image from a Containerfile, by buildah", verb_build},
    Verb{"login", "Check and keep credentials for a registry", verb_login},
    Verb{"logout", "Forget credentials for a registry", verb_logout},
    Verb{"load", "Load images from an archive", verb_load},
    Verb{"save", "Write images to an archive", verb_save},
    Verb{"import", "Make an image of a root filesystem's tarball", verb_import},
    Verb{"secret", "Work on secrets: create, ls, inspect, rm, exists", verb_secret},
    Verb{"volume", "Work on volumes: create, ls, inspect, rm, prune, exists", verb_volume},
    Verb{"system", "Look after what caisson keeps: check", verb_system},
    Verb{"explain", "Show what a command would do, step by step, and do none of it", verb_explain},
    Verb{"version", "Print the version", verb_version},
    Verb{"conclude", "", verb_conclude},
};

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

int run_command_line(char** process_arguments) {
  Command command{.process_arguments = process_arguments};
  std::vector<std::string> arguments;
  for (char** argument = process_arguments; *argument != nullptr; ++argument) {
    if (argument != process_arguments) arguments.emplace_back(*argument);
  }
  Result<std::vector<std::string>> rest = read_global_options(arguments, command);
  if (!rest) return refuse(command, rest.error());
  if (rest->empty() || rest->front() == "help") {
    std::fputs(overview().c_str(), rest->empty() ? stderr : stdout);
    return rest->empty() ? kRefused : 0;
  }
  const auto verb =
      std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Verb& each) { return each.name == rest->front(); });
  if (verb == kVerbs.end()) return refuse(command, unknown_verb(rest->front()));
  command.verb = verb->name;
  command.arguments.assign(rest->begin() + 1, rest->end());
  const int status = verb->run(command);
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  return refuse(command, os_error("write", "standard output"));
}

int run_verb_of_group(const Command& command, std::span<const Verb> verbs) {
  const bool none = command.arguments.empty();
  const std::string word = none ? "" : command.arguments[0];
  if (none || word == "--help" || word == "-h" || word == "help") {
    std::FILE* const stream = none ? stderr : stdout;
    fmt::print(stream, "usage: caisson {} VERB [OPTION…]\n\n", command.verb);
    for (const Verb& verb : verbs) {
      if (!verb.summary.empty()) fmt::print(stream, "  {:<9} {}\n", verb.name, verb.summary);
    }
    return none ? kRefused : 0;
  }
  const auto verb = std::ranges::find(verbs, std::string_view(word), &Verb::name);
  if (verb == verbs.end()) {
    std::vector<std::string_view> names;
    for (const Verb& each : verbs) names.push_back(each.name);
    const auto near = nearest(word, names);
    return refuse(command, complaint(fmt::format("unknown command '{}'", word),
                                     near ? fmt::format("did you mean '{}'?", *near)
                                          : fmt::format("caisson {} --help lists them", command.verb)));
  }
  Command inner = command;
  const std::string name = fmt::format("{} {}", command.verb, verb->name);
  inner.verb = name;
  inner.arguments.erase(inner.arguments.begin());
  return verb->run(inner);
}

int protect_own_executable(const Command& command) {
  const Result<> protected_now = kernel::protect_own_executable(command.process_arguments, command.places.program);
  return protected_now ? 0 : refuse(command, protected_now.error());
}

int verb_version(const Command&) {
  std::printf("caisson version %s\n", CAISSON_VERSION);
  return 0;
}

int refuse(const Command& command, const runtime::LaunchError& error) {
  command.log.error(command.verb.empty() ? error.line : fmt::format("{}: {}", command.verb, error.line));
  if (!error.hint.empty()) command.log.hint(error.hint);
  return error.exit_status;
}

int refuse(const Command& command, const Error& error) {
  return refuse(command, runtime::LaunchError{.line = error.text(), .hint = error.hint, .exit_status = kRefused});
}

}  // namespace caisson::cli
