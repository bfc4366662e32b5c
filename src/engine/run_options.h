// Everything that can be asked of a new container, read and typed: what `caisson run` and later callers fill in, what
// compose() makes a configuration of. Grammars are in engine/*_grammar.h. An absent optional was not asked for.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/health.h"
#include "engine/log_choice.h"
#include "engine/restart_policy.h"
#include "network/choice.h"
#include "network/port.h"

namespace caisson::engine {

struct EnvironmentVariable {
  std::string name;
  std::string value;
  bool operator==(const EnvironmentVariable&) const = default;
};

enum class MountKind {
  kBind,     ///< a directory or file of the host
  kOverlay,  ///< a directory of the host below an overlay of the container's own: changes stay inside (`:O`)
  kTmpfs,
  kVolume,  ///< one of caisson's volumes
  kImage,   ///< the files of an image
};

/// One --volume, --mount or --tmpfs.
struct MountChoice {
  MountKind kind = MountKind::kBind;
  std::string source;                ///< as typed: perhaps relative to the caller's directory; empty for a tmpfs; the
                                     ///< name of a volume (empty: one that is made for the container) or of an image
  std::string destination;           ///< absolute and clean
  std::vector<std::string> options;  ///< words of the runtime-spec ("ro", "rslave", "size=64m"), only those typed
  bool recursive = true;             ///< what is mounted below the source comes along
  bool change_owner = false;         ///< `U`: the source is given to the container's user
  bool relabel = false;              ///< `z`, `Z`: asks for an SELinux label
  bool copy = true;                  ///< a volume that is empty begins with what the image has there
  bool overlay = false;              ///< a volume, or an image, below an overlay of the container's own
  std::string subpath;               ///< what of a volume or an image is shown, relative and clean; empty: all of it
  std::map<std::string, std::string> volume_options;  ///< of a volume that is not there yet
  std::map<std::string, std::string> volume_labels;
  std::string typed;
};

/// One --volumes-from.
struct VolumesFrom {
  std::string container;  ///< as typed
  bool read_only = false;
  std::string typed;
};

/// One --secret: a file that its container alone sees, or a variable.
struct SecretChoice {
  std::string name;
  bool is_variable = false;
  std::string target;  ///< the file's path inside, absolute and clean; or the variable's name
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t mode = 0444;
  std::string typed;
  bool operator==(const SecretChoice&) const = default;
};

/// --systemd: whether its first process is the init of a whole system, and gets what systemd asks for.
enum class SystemdMode {
  kDetected,  ///< by the name of the program
  kAlways,
  kNever,
};

/// --attach: which of the container's streams the caller has to do with.
struct AttachedStreams {
  bool input = false;
  bool output = false;
  bool error = false;
};

struct Ulimit {
  std::string name;  ///< "nofile"
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
  std::string typed;
};
inline constexpr std::uint64_t kUnlimited = ~std::uint64_t{0};

struct DeviceChoice {
  std::string source;  ///< a device, or a directory of devices, of the host
  std::string destination;
  std::string access = "rwm";
  std::string typed;
};

/// One --device-cgroup-rule: what is allowed beside the devices that are there.
struct DeviceRuleChoice {
  char type = 'a';                    ///< 'a', 'c' or 'b'
  std::optional<std::int64_t> major;  ///< absent: all
  std::optional<std::int64_t> minor;
  std::string access;  ///< of "rwm"
  std::string typed;
};

/// A limit of one block device: bytes or operations a second, or a weight.
struct DeviceLimit {
  std::string device;  ///< a path of the host
  std::uint64_t value = 0;
  std::string typed;
};

struct Sysctl {
  std::string name;
  std::string value;
  std::string typed;
};

/// Which namespace the container has of one type.
enum class NamespaceKind {
  kPrivate,    ///< its own
  kShareable,  ///< its own, that others may join (IPC)
  kNone,       ///< its own, with nothing in it (network: loopback alone; IPC: no /dev/shm)
  kHost,
  kContainer,  ///< that of the container `target`
  kPath,       ///< the one at the path `target`
};
struct NamespaceChoice {
  NamespaceKind kind = NamespaceKind::kPrivate;
  std::string target;
  bool operator==(const NamespaceChoice&) const = default;
};

/// Which user namespace the container has.
enum class UserNamespaceKind {
  kDefault,  ///< not asked for: the host's for root, one with all of an ordinary user's ids
  kHost,     ///< the same, asked for
  kKeepId,   ///< one in which an ordinary user is who it is outside
  kAuto,     ///< one with ids that no other container has
  kContainer,
  kPath,
};
struct UserNamespaceChoice {
  UserNamespaceKind kind = UserNamespaceKind::kDefault;
  std::string target;
  std::optional<std::uint32_t> uid;  ///< of keep-id: who the user is inside
  std::optional<std::uint32_t> gid;
  std::optional<std::uint32_t> size;  ///< of auto: how many ids
  bool operator==(const UserNamespaceChoice&) const = default;
};

/// One --uidmap or --gidmap: `size` ids of the container from `container_id` on.
struct IdMapping {
  std::uint32_t container_id = 0;
  std::uint32_t host_id = 0;  ///< of an ordinary user: position among its own (engine/user_namespace.h)
  std::uint32_t size = 0;
  std::string typed;
};

/// --security-opt, all of them together.
struct SecurityChoice {
  bool no_new_privileges = false;
  bool seccomp_unconfined = false;
  std::string seccomp_profile;  ///< the file, as typed; empty: the default profile
  bool apparmor_unconfined = false;
  bool label_disabled = false;
  bool unmask_all = false;
  std::vector<std::string> masked;
  std::vector<std::string> unmasked;  ///< paths, perhaps with `*`
};

/// --cap-add or --cap-drop, all of them together: a bit mask of capability numbers, or ALL.
struct CapabilityChoice {
  bool all = false;
  std::uint64_t mask = 0;
};

inline constexpr std::string_view kHostGateway = "host-gateway";
/// One --add-host.
struct HostAddress {
  std::vector<std::string> names;
  std::string address;  ///< or kHostGateway: where the host is seen from the container's network
  bool operator==(const HostAddress&) const = default;
};

/// When a container of a pod runs, of those that run to their end before the others start (--init-ctr).
enum class InitWhen {
  kNot,     ///< it is none of them
  kAlways,  ///< with each start of the pod
  kOnce,    ///< with the first, and it is removed then
};

/// The pod that a container belongs to.
struct PodMembership {
  std::string id;  ///< empty: it belongs to none
  std::string name;
  bool is_infra = false;  ///< it holds the namespaces that the others share
  InitWhen init = InitWhen::kNot;
  bool operator==(const PodMembership&) const = default;
};

/// When an image is brought from where it comes from.
enum class PullPolicy {
  kMissing,  ///< if it is not in the store
  kAlways,
  kNever,
  kNewer,  ///< always, but one that is in the store does when that fails
};

/// What becomes of the volumes that the image asks for.
enum class ImageVolumes {
  kMade,    ///< each is one of the container's own
  kMemory,  ///< each is a tmpfs
  kIgnored,
};

/// When the service manager whose socket the caller has (sd_notify(3)) is told that the container is ready.
enum class Readiness {
  kNever,
  kStarted,  ///< once it runs ("conmon")
  kSaid,     ///< when the program says so, to a socket of its own ("container")
  kHealthy,  ///< after the first health check that succeeds
};

struct RunOptions {
  std::string source;                ///< an image, directory, `DIR:O`, tarball, `-` or `builtin:NAME`, as typed
  std::vector<std::string> command;  ///< empty: the image's, or a shell
  std::optional<std::vector<std::string>> entrypoint;

  // The command that starts it.
  bool interactive = false;
  bool tty = false;
  bool detach = false;
  bool remove = false;
  bool timings = false;
  bool strict = false;  ///< what would be warned of is refused
  bool sig_proxy = true;
  std::string name;
  bool replace = false;  ///< a container that has the name is removed first
  std::string cidfile;
  std::string pid_file;                     ///< its process's pid is written there, as long as it runs; as typed
  std::string keeper_pid_file;              ///< the same of its keeper
  std::optional<AttachedStreams> attached;  ///< otherwise its output and errors, and its input if that is kept open
  bool remove_image = false;                ///< with it
  std::vector<std::string> requirements;    ///< containers that are started before it, as typed
  PullPolicy pull = PullPolicy::kMissing;
  std::string platform;                  ///< of the image, as typed; empty: the host's
  std::string authfile;                  ///< with credentials for its registry
  bool tls_verify = true;                ///< of the registry
  bool quiet = false;                    ///< no progress of what is pulled or unpacked
  std::string sha256;                    ///< 64 hexadecimal digits in lower case, or empty
  std::string detach_keys = "\x10\x11";  ///< the bytes; empty: no detaching. ctrl-p,ctrl-q
  RestartPolicy restart;
  LogChoice log;
  HealthChoice health;
  Readiness readiness = Readiness::kNever;
  std::uint32_t preserve_fds = 0;              ///< descriptors 3 … 2+n reach the container
  std::optional<std::uint32_t> timeout_s;      ///< killed after that
  std::optional<int> stop_signal;              ///< the image's otherwise, or SIGTERM
  std::optional<std::int32_t> stop_timeout_s;  ///< 10 otherwise; -1: waits for ever
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  bool is_rootfs = false;                  ///< `source` is a directory, and nothing else
  std::string pod;                         ///< the pod it is to be in, as typed: a name, an id, or "new:NAME"
  std::string pod_id_file;                 ///< the file that says which pod
  PodMembership membership;                ///< of that pod, once it has been looked up (engine/pod_member.h)
  std::vector<std::string> exposed_ports;  ///< "80/tcp"

  // Its process.
  bool host_environment = false;               ///< all of the caller's variables, as the weakest
  bool proxy_variables = true;                 ///< those of the caller's that name its proxies
  std::vector<std::string> unset_variables;    ///< which neither the engine nor the image sets
  bool unset_all_variables = false;            ///< no other than those of the next two
  std::vector<EnvironmentVariable> env_files;  ///< from --env-file, in order
  std::vector<EnvironmentVariable> env;        ///< from --env; wins over the former
  std::string workdir;                         ///< absolute; empty: the image's, or "/"
  std::string user;                            ///< "user|uid[:group|gid]"; empty: the image's, or root
  std::vector<std::string> groups;             ///< names or numbers
  std::optional<std::uint32_t> umask;
  bool init = false;
  SystemdMode systemd = SystemdMode::kDetected;
  std::string init_path;    ///< another program for that, of the host, as typed
  std::string personality;  ///< "LINUX" or "LINUX32"; empty: the host's
  std::vector<Ulimit> ulimits;
  bool host_ulimits = false;  ///< the caller's limits as they are
  std::optional<int> oom_score_adj;
  bool adds_user = true;   ///< a user without a line in the image's /etc/passwd gets one
  std::string user_entry;  ///< that line, as typed; empty: made up

  // Its files.
  std::vector<MountChoice> mounts;
  std::vector<VolumesFrom> volumes_from;
  std::vector<SecretChoice> secrets;
  ImageVolumes image_volumes = ImageVolumes::kMade;
  std::vector<std::string> chroot_directories;  ///< absolute: what is generated is in their /etc, too
  bool read_only = false;
  bool read_only_tmpfs = true;                 ///< with the former, /run, /tmp and /var/tmp can be written to
  std::string timezone;                        ///< "Europe/Berlin", or "local" for the host's; empty: the image's
  std::optional<std::int64_t> shm_size_bytes;  ///< 64 MiB otherwise; 0: no limit
  std::vector<DeviceChoice> devices;
  std::vector<DeviceRuleChoice> device_rules;

  // Its limits.
  std::optional<std::int64_t> memory_bytes;
  std::optional<std::int64_t> memory_swap_bytes;  ///< memory and swap together; -1: no limit
  std::optional<std::int64_t> memory_reservation_bytes;
  std::optional<std::int64_t> memory_swappiness;  ///< 0 … 100; -1: as it is
  std::optional<std::int64_t> nano_cpus;          ///< thousand millionths of a CPU
  std::optional<std::uint64_t> cpu_shares;
  std::optional<std::int64_t> cpu_quota_us;
  std::optional<std::uint64_t> cpu_period_us;
  std::optional<std::int64_t> cpu_rt_runtime_us;
  std::optional<std::uint64_t> cpu_rt_period_us;
  std::string cpuset_cpus;
  std::string cpuset_mems;
  std::optional<std::int64_t> pids_limit;  ///< -1 or 0: no limit
  bool oom_kill_disable = false;
  std::optional<std::uint16_t> blkio_weight;
  std::vector<DeviceLimit> blkio_weights;
  std::vector<DeviceLimit> read_bps;
  std::vector<DeviceLimit> write_bps;
  std::vector<DeviceLimit> read_iops;
  std::vector<DeviceLimit> write_iops;
  std::string cgroup_parent;
  bool makes_cgroup = true;  ///< otherwise it stays in the caller's, without limits

  // Its rights.
  CapabilityChoice cap_add;
  CapabilityChoice cap_drop;
  bool privileged = false;
  SecurityChoice security;
  std::vector<Sysctl> sysctls;
  std::vector<Sysctl> cgroup_files;  ///< of cgroup v2, by name

  // Its surroundings.
  NamespaceChoice network{NamespaceKind::kNone, {}};
  NamespaceChoice pid;
  NamespaceChoice ipc{NamespaceKind::kShareable, {}};
  NamespaceChoice uts;
  NamespaceChoice cgroupns;
  UserNamespaceChoice userns;
  std::vector<IdMapping> uidmaps;
  std::vector<IdMapping> gidmaps;  ///< of the two, one that is not given is as the other
  std::string hostname;
  std::string domainname;
  std::vector<HostAddress> hosts;
  std::vector<network::NetworkChoice> networks;  ///< with a `network` of its own: those that it is on
  std::string user_network;                      ///< "pasta" or "slirp4netns": who carries its packets
  std::vector<std::string> user_network_options;
  std::vector<network::PortChoice> ports;
  bool publish_all = false;  ///< what it, or the image, notes that it listens at
  std::optional<network::Address> ipv4;
  std::optional<network::Address> ipv6;
  std::optional<std::array<std::uint8_t, 6>> mac;
  std::vector<std::string> network_aliases;
  bool no_hosts = false;
  bool no_hostname = false;  ///< /etc/hostname stays the image's
  std::vector<std::string> dns;
  std::vector<std::string> dns_search;  ///< "." alone: none
  std::vector<std::string> dns_options;

  /// The command line behind `caisson run`, each option in one word: "--memory=100m". For units that make it anew.
  std::vector<std::string> create_words;

  /// Long name of an option → what the user typed for it, for errors: "memory" → "-m 100m". Those of repeated options
  /// stand beside each other: "cap-add" → "--cap-add CHOWN --cap-add KILL".
  std::map<std::string, std::string> typed;
};

}  // namespace caisson::engine
