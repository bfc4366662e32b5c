// The verbs of `kube`, which `play` and `generate` have too.
#pragma once

#include "cli/command.h"

namespace caisson::cli {

int verb_kube_play(const Command& command);
int verb_kube_down(const Command& command);
int verb_kube_generate(const Command& command);

Manual kube_play_manual();
Manual kube_down_manual();
Manual kube_generate_manual();

}  // namespace caisson::cli
