// One step in words, for people.
#pragma once

#include <string>

#include "plan/plan.h"

namespace caisson::explain {

/// What the action does and to what, without its options: "mount devpts at /dev/pts".
std::string describe_briefly(const plan::Plan& plan, const plan::Action& action);

/// The same with options, flags by name, and the slots it writes:
/// "mount devpts at /dev/pts (nosuid, noexec; newinstance, gid=5)",
/// "clone with new pid, mount namespaces → slot pid".
std::string describe(const plan::Plan& plan, const plan::Action& action);
std::string describe(const plan::Plan& plan, const plan::Step& step);

/// A slot by its name: "slot pid", "slot 'tree of /srv/data'".
std::string slot_words(const plan::Plan& plan, plan::Slot slot);

/// Where the tree in `slot` comes from: the host path of the step that took it, or the slot's name.
std::string tree_source(const plan::Plan& plan, plan::Slot slot);

/// The host path that the descriptor in `slot` was opened at, by the step that opened it; empty if no step did.
std::string slot_path(const plan::Plan& plan, plan::Slot slot);

/// Several paths that differ in one part as one: "/sys/fs/cgroup/{cpu,memory}/caisson/1".
std::string braces(const std::vector<std::string>& paths);

}  // namespace caisson::explain
