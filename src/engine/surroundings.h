// What a new container finds: the host's facts and what the engine has prepared or looked up for it. Plain data, so
// that compose() stays a function of its arguments.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/accounts.h"
#include "engine/mount_record.h"
#include "engine/user_namespace.h"
#include "host/facts.h"
#include "image/image_config.h"
#include "spec/config.h"

namespace caisson::engine {

/// A device node of the host.
struct HostDevice {
  std::string path;
  char type = 'c';  ///< 'c' or 'b'
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::uint32_t mode = 0660;  ///< permission bits
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

/// Where the root filesystem is: a directory used in place, or layers below an overlay.
struct RootFilesystem {
  std::string path;                ///< the directory, or where the overlay is mounted
  std::vector<std::string> lower;  ///< the layers, topmost first; empty: `path` is used in place
  std::string upper;
  std::string work;
};

/// The image that the root filesystem is of.
struct ImageFacts {
  std::string id;      ///< digest of its config
  std::string name;    ///< whole reference; empty: it has none
  std::string digest;  ///< of its manifest
  image::ContainerDefaults defaults;
};

/// A volume that the options or the image name.
struct VolumeFacts {
  std::string data;                            ///< its directory; one that is not there yet is made before it is used
  std::map<std::string, std::string> options;  ///< what is mounted in its place (VolumeRecord::options)
};

/// What a container that --volumes-from names has mounted.
struct InheritedMounts {
  std::string typed;
  bool read_only = false;
  std::vector<MountRecord> mounts;
};

struct Surroundings {
  HostFacts facts;
  std::uint32_t cpus = 0;         ///< that the host may have: their temperature is hidden
  std::uint32_t online_cpus = 0;  ///< that it has, for --cpus; 0: not known
  std::string host_name;          ///< the host's own

  std::string id;  ///< 64 hexadecimal digits
  RootFilesystem rootfs;
  std::optional<ImageFacts> image;
  std::string directory;  ///< the container's own; what `-v …:O` writes is kept below it

  // Generated files, bound into the container; empty: not.
  std::string hosts_file;
  std::string resolv_conf_file;
  std::string hostname_file;
  std::string passwd_file;
  std::string init_program;   ///< for --init
  std::string timezone_file;  ///< of the host, for --tz

  UserNamespace user_namespace;  ///< as --userns, --uidmap and --gidmap chose it
  std::string seccomp_profile;   ///< the content of the file that `seccomp=FILE` names

  Account account;                                 ///< --user or the image's, and --group-add, resolved
  std::map<std::string, std::string> environment;  ///< the caller's
  std::string working_directory;                   ///< the caller's
  std::optional<spec::ConsoleSize> console_size;   ///< the caller's

  std::string live_directory;  ///< RUNROOT/containers/ID, in memory: secrets lie below it while it runs
  std::string volumes;         ///< the directory of all volumes
  std::map<std::string, VolumeFacts> named_volumes;
  std::vector<InheritedMounts> inherited;
  std::map<std::string, std::vector<std::string>> image_layers;  ///< image that is mounted → its layers, topmost first

  std::map<spec::NamespaceType, std::string> namespaces;  ///< of `container:NAME`: the namespace files
  std::map<std::string, pid_t> joined;  ///< the containers that they are of, by id: their first processes
  std::string shm_directory;            ///< of `--ipc container:NAME`: its /dev/shm as the host sees it
  std::map<std::string, std::vector<HostDevice>> devices;  ///< source of a --device → the nodes it is or holds
  std::map<std::string, HostDevice> limited_devices;       ///< block device that a limit names → what it is
  std::vector<HostDevice> all_devices;                     ///< for --privileged
};

}  // namespace caisson::engine
