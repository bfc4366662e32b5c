// What was asked for, where it will run → the OCI configuration. Pure.
//
// Defaults are podman's: eleven capabilities, masked and read-only paths, a limit of 2048 processes, private cgroup
// namespace, private mounts. Where the two differ, `caisson run` has docker's meaning, except:
//   - `ro` on a bind mount is the mount itself, as podman has it, where docker 25 makes what is below read-only too:
//   `rro` does that;
//   - a bind mount's missing source is an error, as podman has it, never made;
//   - podman's proxy variables reach the container;
//   - the /run, /tmp and /var/tmp of a --read-only container start empty, where podman copies what the image has there;
//   - a volume that is a file system of its own (`type=tmpfs`) is each container's own, where docker has one of all;
//   - no smallest memory limit: the kernel decides;
//   - what contradicts itself is an error where docker lets one option win (--cpus and --cpu-quota, --hostname and
//   --uts host).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/mount_record.h"
#include "engine/run_options.h"
#include "engine/surroundings.h"
#include "engine/volume_record.h"
#include "spec/config.h"

namespace caisson::engine {

/// What is inside a container where the engine puts it.
inline constexpr std::string_view kInitPath = "/run/caisson-init";

/// A path that is to be given to the container's user before it starts (`U`), with all that is in it.
struct OwnerChange {
  std::string path;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

struct Composed {
  spec::Config config;

  /// Config item → what the user typed for it: "mounts[7]" → "-v /a:/b", "linux.resources.memory.limit" → "-m 100m",
  /// "process.rlimits[0]", "linux.sysctl.net.ipv4.ip_forward", "linux.devices[0]", "linux.namespaces[1]",
  /// "process.capabilities". Items that no option asked for are not in it.
  std::map<std::string, std::string> origins;

  std::vector<std::string> warnings;     ///< one sentence each
  std::vector<std::string> directories;  ///< to be made before it starts: what overlays over binds write to
  std::vector<OwnerChange> owners;
  std::vector<MountRecord> mounts;    ///< what the options and the image ask for
  std::vector<VolumeRecord> volumes;  ///< those of them that are volumes: made where they are missing

  std::map<std::string, std::string> labels;  ///< the image's, and the options'
  int stop_signal = 15;
  bool is_system = false;  ///< its first process is the init of a whole system (--systemd)
  std::optional<HealthPolicy> health;
};

/// Errors, each with the option as it was typed: options that contradict each other; what this host cannot give
/// (a capability outside the caller's bounding set); a device that is none; a name that was not resolved.
Result<Composed> compose(const RunOptions& options, const Surroundings& surroundings);

/// The limits alone that the options ask for; what they do not name is absent. Errors: as above.
Result<spec::Resources> compose_limits(const RunOptions& options, const Surroundings& surroundings);

}  // namespace caisson::engine
