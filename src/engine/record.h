// What is known about a container, in three small files: what it is, that it runs, how it ended.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/health.h"
#include "engine/log_choice.h"
#include "engine/mount_record.h"
#include "engine/places.h"
#include "engine/restart_policy.h"
#include "engine/surroundings.h"
#include "engine/user_namespace.h"
#include "kernel/processes.h"
#include "network/choice.h"
#include "network/port.h"

namespace caisson::engine {

/// The image that a container was made from.
struct ImageRecord {
  std::string id;      ///< "sha256:HEX" of its config
  std::string name;    ///< whole reference; empty: it had none
  std::string digest;  ///< of its manifest
  std::vector<std::string> exposed_ports;
  std::optional<image::Healthcheck> healthcheck;

  bool operator==(const ImageRecord&) const = default;
};

/// What a container's options say that an image's config says otherwise: an image made of the container says it too.
struct Choices {
  std::optional<std::vector<std::string>> entrypoint;
  std::vector<std::string> command;      ///< empty: none was given
  std::vector<std::string> environment;  ///< "NAME=VALUE"
  std::string working_directory;
  std::string user;
  std::vector<std::string> exposed_ports;  ///< "80/tcp": beside the image's

  bool operator==(const Choices&) const = default;
};

/// What a container's options say of its networks; what it has of them while it runs is network::Holding.
struct NetworkWishes {
  std::vector<network::NetworkChoice> networks;
  std::string user_network;  ///< "pasta" or "slirp4netns": who carries its packets; empty: the kernel
  std::vector<std::string> user_network_options;
  std::vector<std::string> name_servers;  ///< that its networks' own ask for it; none: the host's
  std::vector<network::PortChoice> ports;
  bool publish_all = false;

  bool any() const { return !networks.empty() || !user_network.empty(); }
  bool operator==(const NetworkWishes&) const = default;
};

/// ROOT/containers/ID/container.json: written before anything of the container shows on the host.
struct Record {
  std::string id;
  std::string name;
  std::int64_t created_ns = 0;
  std::string source;  ///< as asked for
  std::string digest;  ///< "sha256:HEX": of the tarball, or the image's id; empty for a directory
  std::optional<ImageRecord> image;
  std::vector<std::string> command;       ///< entrypoint and command, as executed
  std::vector<std::string> create_words;  ///< RunOptions::create_words
  Choices choices;
  RootFilesystem rootfs;
  std::vector<MountRecord> mounts;
  std::vector<SecretChoice> secrets;  ///< which, and where: never what they are
  bool started = false;               ///< it was, at least once: one that neither runs nor has an ending was cut off
  bool remove = false;                ///< with its end it is removed (--rm)
  bool remove_image = false;          ///< with it, unless others need it (--rmi)
  std::string pid_file;               ///< absolute; empty: none
  std::string keeper_pid_file;
  std::vector<std::string> requirements;  ///< ids of containers that are started before it
  RestartPolicy restart;
  LogChoice log;
  std::optional<HealthPolicy> health;
  bool privileged = false;
  bool systemd = false;  ///< its first process is the init of a whole system
  bool terminal = false;
  bool interactive = false;
  int stop_signal = 15;
  std::int32_t stop_timeout_s = 10;  ///< -1: waits for ever
  std::uint32_t timeout_s = 0;       ///< killed after that; 0: never
  Readiness readiness = Readiness::kNever;
  bool makes_cgroup = true;
  std::string network;  ///< "none", "host", …: as asked for
  NetworkWishes networks;
  std::map<std::string, std::string> labels;
  std::vector<std::string> cgroup_directories;
  IdMappings uid_mappings;  ///< of its user namespace; empty: it has the host's
  IdMappings gid_mappings;
  bool automatic_ids = false;  ///< they are its alone (--userns=auto)
  PodMembership pod;
};

/// RUNROOT/containers/ID/state.json: valid while the container's lock is held.
struct Live {
  kernel::ProcessId keeper;
  kernel::ProcessId process;  ///< pid 0: it is being made, or waits for its next start
  std::int64_t started_ns = 0;
  std::uint32_t restarts = 0;      ///< by its policy, since somebody started it
  std::uint32_t short_runs = 0;    ///< the last so many of them ended soon
  std::int64_t next_start_ns = 0;  ///< it has ended, and starts again at this moment; 0: it has not
};

/// ROOT/containers/ID/exit.json, and the last content of the lock.
struct Ending {
  int exit_code = 0;  ///< as docker has it: 128 + n for signal n
  int signal = 0;
  bool oom_killed = false;
  std::string reason;      ///< a sentence with its evidence; empty for a plain exit that nothing is to be said about
  bool asked_for = false;  ///< by stop or kill
  std::uint32_t restarts = 0;
  std::int64_t started_ns = 0;
  std::int64_t finished_ns = 0;
};

/// The image's, and those of the options: each once.
std::vector<std::string> exposed_ports(const Record& record);

std::string to_json(const Record& record);
std::string to_json(const Live& live);
std::string to_json(const Ending& ending);
Result<Record> read_record(const std::string& json);
Result<Live> read_live(const std::string& json);
Result<Ending> read_ending(const std::string& json);

}  // namespace caisson::engine
