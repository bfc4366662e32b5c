// Mounts of a container whose file systems live outside of it: criu neither reads nor makes what is in them, and is
// told which they are. The names that they have in images are those that runc gives them: their places in the
// container.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "host/facts.h"
#include "runtime/criu_arguments.h"
#include "spec/config.h"

namespace caisson::runtime {

/// Those that the process `pid` has: the bind mounts of `config`, hidden files, devices, the host's cgroups, the
/// console. What is no mount any more is left out.
Result<std::vector<ExternalMount>> mounts_to_dump(const spec::Config& config, pid_t pid, std::string_view mountinfo);

/// What the same are on this host. `cgroup_directories` are the container's; `console` is its terminal, empty: none.
Result<std::vector<ExternalMount>> mounts_to_restore(const spec::Config& config, const HostFacts& facts,
                                                     const std::vector<std::string>& cgroup_directories,
                                                     const std::string& console);

/// Makes the mount points that `config` needs in its root file system, and in what is bound into that, where they are
/// missing, as the making of a container does. What is below other file systems is criu's.
Result<> make_mount_points(const spec::Config& config);

/// A line of /proc/PID/mountinfo (proc_pid_mountinfo(5)), as far as it matters here.
struct MountLine {
  std::string id;
  std::string point;  ///< as the process sees it
  std::string type;
};
std::vector<MountLine> read_mountinfo(std::string_view text);

}  // namespace caisson::runtime
