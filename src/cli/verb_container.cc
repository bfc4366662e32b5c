// `caisson container VERB`: the verbs that work on containers, under one name.
#include <array>

#include "cli/command.h"

namespace caisson::cli {

namespace {

// As docker: what is no container is nothing else here.
int inspect_container(const Command& command) {
  Command containers_only = command;
  containers_only.arguments.insert(containers_only.arguments.begin(), "--type=container");
  return verb_inspect(containers_only);
}

constexpr std::array kVerbs = {
    Verb{"ls", "List containers", verb_ps},
    Verb{"inspect", "Show all that is known about a container", inspect_container},
    Verb{"run", "Make a container and run a command in it", verb_run},
    Verb{"create", "Make a container, and leave it to be started", verb_create},
    Verb{"start", "Start containers that were created, or have ended", verb_start},
    Verb{"restart", "Stop containers, and start them again", verb_restart},
    Verb{"attach", "Be with a running container", verb_attach},
    Verb{"pause", "Stop all processes of a container where they are", verb_pause},
    Verb{"unpause", "Let the processes of a paused container go on", verb_unpause},
    Verb{"update", "Change a container's limits, and its restart policy", verb_update},
    Verb{"rename", "Give a container another name", verb_rename},
    Verb{"exec", "Run a command in a running container", verb_exec},
    Verb{"logs", "Print what a container has written", verb_logs},
    Verb{"top", "Show the processes of a container", verb_top},
    Verb{"stats", "Show what containers use", verb_stats},
    Verb{"port", "Show the ports of a container", verb_port},
    Verb{"wait", "Wait until a container has ended", verb_wait},
    Verb{"stop", "Ask a container to end", verb_stop},
    Verb{"kill", "Send a signal to a container", verb_kill},
    Verb{"rm", "Remove a container", verb_rm},
    Verb{"diff", "List what a container has changed", verb_diff},
    Verb{"export", "Write a container's root filesystem to a tarball", verb_export},
    Verb{"commit", "Make an image of a container", verb_commit},
    Verb{"list", "", verb_ps},
    Verb{"ps", "", verb_ps},
};

}  // namespace

int verb_container(const Command& command) { return run_verb_of_group(command, kVerbs); }

}  // namespace caisson::cli
