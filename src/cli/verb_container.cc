// `caisson container VERB`: the verbs that work on containers, under one name.
#include <array>

#include "cli/command.h"
#include "cli/run_options.h"

namespace caisson::cli {

namespace {

// As docker: what is no container is nothing else here.
int inspect_container(const Command& command) {
  Command containers_only = command;
  containers_only.arguments.insert(containers_only.arguments.begin(), "--type=container");
  return verb_inspect(containers_only);
}

constexpr std::array kVerbs = {
    Verb{"ls", "List containers", verb_ps, ps_manual},
    Verb{"inspect", "Show all that is known about a container", inspect_container, inspect_manual},
    Verb{"exists", "Say by the exit status whether there is a container", verb_container_exists,
         container_exists_manual},
    Verb{"run", "Make a container and run a command in it", verb_run, run_manual},
    Verb{"create", "Make a container, and leave it to be started", verb_create, create_manual},
    Verb{"start", "Start containers that were created, or have ended", verb_start, start_manual},
    Verb{"restart", "Stop containers, and start them again", verb_restart, restart_manual},
    Verb{"attach", "Be with a running container", verb_attach, attach_manual},
    Verb{"pause", "Stop all processes of a container where they are", verb_pause, pause_manual},
    Verb{"unpause", "Let the processes of a paused container go on", verb_unpause, unpause_manual},
    Verb{"update", "Change a container's limits, and its restart policy", verb_update, update_manual},
    Verb{"rename", "Give a container another name", verb_rename, rename_manual},
    Verb{"exec", "Run a command in a running container", verb_exec, exec_manual},
    Verb{"logs", "Print what a container has written", verb_logs, logs_manual},
    Verb{"top", "Show the processes of a container", verb_top, top_manual},
    Verb{"stats", "Show what containers use", verb_stats, stats_manual},
    Verb{"port", "Show the ports of a container", verb_port, port_manual},
    Verb{"wait", "Wait until a container has ended", verb_wait, wait_manual},
    Verb{"stop", "Ask a container to end", verb_stop, stop_manual},
    Verb{"kill", "Send a signal to a container", verb_kill, kill_manual},
    Verb{"rm", "Remove a container", verb_rm, rm_manual},
    Verb{"prune", "Remove containers that do not run", verb_container_prune, container_prune_manual},
    Verb{"cp", "Copy files out of a container or into it", verb_cp, cp_manual},
    Verb{"diff", "List what a container has changed", verb_diff, diff_manual},
    Verb{"export", "Write a container's root filesystem to a tarball", verb_export, export_manual},
    Verb{"commit", "Make an image of a container", verb_commit, commit_manual},
    Verb{"list", "", verb_ps, ps_manual},
    Verb{"ps", "", verb_ps, ps_manual},
};

}  // namespace

std::span<const Verb> container_verbs() { return kVerbs; }

}  // namespace caisson::cli
