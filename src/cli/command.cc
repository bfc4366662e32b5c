#include "cli/command.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/global_options.h"
#include "cli/run_options.h"
#include "kernel/own_executable.h"

namespace caisson::cli {

namespace {

constexpr std::array kVerbs = {
    Verb{"run", "Make a container from a root filesystem and run a command in it", verb_run, run_manual},
    Verb{"create", "Make a container, and leave it to be started", verb_create, create_manual},
    Verb{"start", "Start containers that were created, or have ended", verb_start, start_manual},
    Verb{"ps", "List containers", verb_ps, ps_manual},
    Verb{"exec", "Run a command in a running container", verb_exec, exec_manual},
    Verb{"enter", "Run a command in the namespaces, root and cgroups of any process", verb_enter, enter_manual},
    Verb{"attach", "Be with a running container: hear what it says, and type into it", verb_attach, attach_manual},
    Verb{"logs", "Print what a container has written", verb_logs, logs_manual},
    Verb{"inspect", "Show all that is known about a container", verb_inspect, inspect_manual},
    Verb{"top", "Show the processes of a container", verb_top, top_manual},
    Verb{"stats", "Show what containers use", verb_stats, stats_manual},
    Verb{"port", "Show which ports of the host lead to a container", verb_port, port_manual},
    Verb{"events", "Show what happens to containers, images and volumes", verb_events, events_manual},
    Verb{"wait", "Wait until a container has ended", verb_wait, wait_manual},
    Verb{"stop", "Ask a container to end, and end it if it does not", verb_stop, stop_manual},
    Verb{"restart", "Stop containers, and start them again", verb_restart, restart_manual},
    Verb{"kill", "Send a signal to a container", verb_kill, kill_manual},
    Verb{"healthcheck", "Look after a container's health: run", nullptr, nullptr, healthcheck_verbs},
    Verb{"pause", "Stop all processes of a container where they are", verb_pause, pause_manual},
    Verb{"unpause", "Let the processes of a paused container go on", verb_unpause, unpause_manual},
    Verb{"update", "Change a container's limits, and its restart policy", verb_update, update_manual},
    Verb{"rename", "Give a container another name", verb_rename, rename_manual},
    Verb{"rm", "Remove a container", verb_rm, rm_manual},
    Verb{"cp", "Copy files out of a container or into it", verb_cp, cp_manual},
    Verb{"diff", "List what a container has changed of its root filesystem", verb_diff, diff_manual},
    Verb{"export", "Write a container's root filesystem to a tarball", verb_export, export_manual},
    Verb{"commit", "Make an image of a container and what it has changed", verb_commit, commit_manual},
    Verb{"container", "Work on containers: ls, inspect and others", nullptr, nullptr, container_verbs},
    Verb{"images", "List images", verb_images, images_manual},
    Verb{"rmi", "Take names off images, and remove those that have none left", verb_rmi, rmi_manual},
    Verb{"tag", "Give an image one more name", verb_tag, tag_manual},
    Verb{"history", "Show how an image was made", verb_history, history_manual},
    Verb{"image", "Work on images: ls, rm, tag, history, inspect, tree, prune, verify and others", nullptr, nullptr,
         image_verbs},
    Verb{"pull", "Pull images from registries and other places", verb_pull, pull_manual},
    Verb{"push", "Push an image to a registry or another place", verb_push, push_manual},
    Verb{"build", "Build an image from a Containerfile, by buildah", verb_build, build_manual},
    Verb{"login", "Check and keep credentials for a registry", verb_login, login_manual},
    Verb{"logout", "Forget credentials for a registry", verb_logout, logout_manual},
    Verb{"load", "Load images from an archive", verb_load, load_manual},
    Verb{"save", "Write images to an archive", verb_save, save_manual},
    Verb{"import", "Make an image of a root filesystem's tarball", verb_import, import_manual},
    Verb{"pod", "Work on pods: create, ps, start, stop, inspect, logs, rm and others", nullptr, nullptr, pod_verbs},
    Verb{"kube", "Work with manifests of Kubernetes: play, down, generate", nullptr, nullptr, kube_verbs},
    Verb{"play", "", nullptr, nullptr, play_verbs},
    Verb{"secret", "Work on secrets: create, ls, inspect, rm, exists", nullptr, nullptr, secret_verbs},
    Verb{"volume", "Work on volumes: create, ls, inspect, rm, prune, exists", nullptr, nullptr, volume_verbs},
    Verb{"network", "Work on networks: create, ls, inspect, rm, prune, connect, disconnect, audit and others", nullptr,
         nullptr, network_verbs},
    Verb{"system", "Look after what caisson keeps: check", nullptr, nullptr, system_verbs},
    Verb{"generate", "Write files of systemd about containers: systemd", nullptr, nullptr, generate_verbs},
    Verb{"explain", "Show what a command would do, step by step, and do none of it", verb_explain, explain_manual,
         explain_verbs},
    Verb{"info", "Show what there is, where, and on what host", verb_info, info_manual},
    Verb{"completion", "Print the completion of caisson for a shell", verb_completion, completion_manual},
    Verb{"version", "Print the version", verb_version, version_manual},
    Verb{"complete", "", verb_complete},
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
  if (rest->size() > 1 && rest->front() == "help") {
    rest->erase(rest->begin());
    rest->emplace_back("--help");
  }
  if (rest->empty() || rest->front() == "help") {
    std::fputs(overview().c_str(), rest->empty() ? stderr : stdout);
    return rest->empty() ? kRefused : 0;
  }
  const auto verb =
      std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Verb& each) { return each.name == rest->front(); });
  if (verb == kVerbs.end()) return refuse(command, unknown_verb(rest->front()));
  command.verb = verb->name;
  command.arguments.assign(rest->begin() + 1, rest->end());
  const int status = run_verb(command, *verb);
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  return refuse(command, os_error("write", "standard output"));
}

int run_verb(const Command& command, const Verb& verb) {
  if (verb.run == nullptr) return run_verb_of_group(command, verb.verbs());
  if (verb.manual == nullptr) return verb.run(command);
  const Manual manual = verb.manual();
  if (!asks_for_help(manual, command.arguments)) return verb.run(command);
  std::fputs(help_text(fmt::format("caisson {}", command.verb), manual).c_str(), stdout);
  return 0;
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
  return run_verb(inner, *verb);
}

int protect_own_executable(const Command& command) {
  const Result<> protected_now = kernel::protect_own_executable(command.process_arguments, command.places.program);
  return protected_now ? 0 : refuse(command, protected_now.error());
}

int refuse(const Command& command, const runtime::LaunchError& error) {
  std::fflush(stdout);  // what was done before is said before
  command.log.error(command.verb.empty() ? error.line : fmt::format("{}: {}", command.verb, error.line));
  if (!error.hint.empty()) command.log.hint(error.hint);
  return error.exit_status;
}

int refuse(const Command& command, const Error& error) {
  return refuse(command, runtime::LaunchError{.line = error.text(), .hint = error.hint, .exit_status = kRefused});
}

}  // namespace caisson::cli
