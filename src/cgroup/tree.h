// A cgroup and those below it, as the file system shows them. The same for v1 and v2.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace caisson::cgroup {

/// `directory` and every cgroup below it, children before their parents; nothing if it does not exist.
std::vector<std::string> tree(const std::string& directory);

/// The processes of `directory` and of every cgroup below it, each once, in ascending order. Threads of a threaded v2
/// cgroup count with the cgroup their process is in. Zombies are in no cgroup.
std::vector<pid_t> processes_in(const std::string& directory);

/// True if `directory` is on a cgroup file system and not its root: only such a one is ever emptied or removed.
bool is_inner_cgroup(const std::string& directory);

}  // namespace caisson::cgroup
