// The verbs of `pod` that have files of their own.
#pragma once

#include "cli/command.h"

namespace caisson::cli {

int verb_pod_start(const Command& command);
int verb_pod_stop(const Command& command);
int verb_pod_restart(const Command& command);
int verb_pod_kill(const Command& command);
int verb_pod_pause(const Command& command);
int verb_pod_unpause(const Command& command);
int verb_pod_rm(const Command& command);
int verb_pod_prune(const Command& command);
int verb_pod_logs(const Command& command);
int verb_pod_top(const Command& command);
int verb_pod_stats(const Command& command);

Manual pod_start_manual();
Manual pod_stop_manual();
Manual pod_restart_manual();
Manual pod_kill_manual();
Manual pod_pause_manual();
Manual pod_unpause_manual();
Manual pod_rm_manual();
Manual pod_prune_manual();
Manual pod_logs_manual();
Manual pod_top_manual();
Manual pod_stats_manual();

}  // namespace caisson::cli
