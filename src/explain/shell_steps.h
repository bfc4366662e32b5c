// Single steps as shell commands.
#pragma once

#include <string>

#include "plan/plan.h"

namespace caisson::explain {

/// "$root/dev/pts": a path of the container while its root filesystem lies at $root.
std::string inside_path(std::string_view path);

/// What a step of the child does until the program is executed, as lines of shell; empty for steps that the frame of
/// the script does (messages, joining, the process's own state).
std::string shell_commands(const plan::Plan& plan, const plan::Action& action);

/// The same with the second alternative behind it.
std::string shell_commands(const plan::Plan& plan, const plan::Step& step);

/// "echo 5 >/sys/fs/cgroup/…/pids.max"
std::string write_command(std::string_view path, std::string_view value);

/// "# item: words", a comment of one line.
std::string shell_comment(const plan::Plan& plan, const plan::Step& step);

/// What a shell cannot do of a step, or does otherwise; empty if it does all of it.
std::string shell_difference(const plan::Action& action);

}  // namespace caisson::explain
