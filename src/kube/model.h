// What a manifest says: the part of Kubernetes' API (core/v1, apps/v1) that runs without a cluster.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace caisson::kube {

struct Metadata {
  std::string name;
  std::string space;  ///< its namespace; empty: "default"
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
};

/// A key of a ConfigMap or a Secret.
struct KeyReference {
  std::string name;
  std::string key;
  bool optional = false;
};

struct EnvVar {
  enum class From { kValue, kConfigMap, kSecret, kField, kResource };
  std::string name;
  From from = From::kValue;
  std::string value;                     ///< with $(NAME)
  KeyReference reference;                ///< of kConfigMap, kSecret
  std::string field;                     ///< of kField: "metadata.name"; of kResource: "limits.cpu"
  std::string container;                 ///< of kResource; empty: the same
  std::int64_t divisor_thousandths = 0;  ///< 0: none is given
  std::string path;                      ///< of the manifest: for errors
  std::size_t line = 0;
};

struct EnvFrom {
  bool is_secret = false;
  std::string name;
  std::string prefix;
  bool optional = false;
  std::string path;
  std::size_t line = 0;
};

struct VolumeMount {
  std::string volume;
  std::string mount_path;
  std::string sub_path;
  std::string propagation;  ///< "rslave", "rshared"; empty: private
  bool read_only = false;
  std::string path;
  std::size_t line = 0;
};

struct Port {
  std::uint16_t container_port = 0;
  std::uint16_t host_port = 0;  ///< 0: not published
  std::string host_ip;
  std::string protocol = "TCP";
  std::string path;
  std::size_t line = 0;
};

struct Probe {
  enum class Kind { kExec, kHttp, kTcp };
  Kind kind = Kind::kExec;
  std::vector<std::string> command;
  std::string host;  ///< empty: the pod's own
  std::string port;  ///< a number, or the name of one of the container's
  std::string url_path = "/";
  std::string scheme = "HTTP";
  std::vector<std::pair<std::string, std::string>> headers;
  std::int64_t initial_delay_s = 0;
  std::int64_t period_s = 10;
  std::int64_t timeout_s = 1;
  std::int64_t failures = 3;
  std::string path;
  std::size_t line = 0;
};

struct SecurityContext {
  std::optional<std::int64_t> user;
  std::optional<std::int64_t> group;
  std::optional<bool> not_root;
  std::vector<std::string> add_capabilities;
  std::vector<std::string> drop_capabilities;
  std::optional<bool> privileged;
  std::optional<bool> read_only_root;
  std::optional<bool> escalation;
  bool unmasked = false;
  std::string seccomp;  ///< "unconfined", a file's path; empty: the default
};

struct Resources {
  // In thousandths: of a processor, of a byte.
  std::optional<std::int64_t> cpu_limit;
  std::optional<std::int64_t> memory_limit;
  std::optional<std::int64_t> cpu_request;
  std::optional<std::int64_t> memory_request;
};

struct Container {
  std::string name;
  std::string image;
  std::optional<std::vector<std::string>> command;
  std::vector<std::string> args;
  std::string working_directory;
  std::vector<EnvVar> env;
  std::vector<EnvFrom> env_from;
  std::vector<VolumeMount> mounts;
  std::vector<Port> ports;
  std::optional<Probe> liveness;
  std::optional<Probe> startup;
  SecurityContext security;
  Resources resources;
  std::string pull_policy;  ///< empty: by the tag
  bool input = false;
  bool terminal = false;
  std::string path;
  std::size_t line = 0;
};

struct KeyToPath {
  std::string key;
  std::string file;
  std::optional<std::int64_t> mode;
};

struct Volume {
  enum class Kind { kEmpty, kHostPath, kConfigMap, kSecret, kClaim };
  std::string name;
  Kind kind = Kind::kEmpty;
  std::string source;  ///< a host's path; the name of a ConfigMap, Secret or claim
  std::string host_type;
  bool in_memory = false;
  std::optional<std::int64_t> size_bytes;
  std::vector<KeyToPath> items;
  std::int64_t mode = 0644;
  bool optional = false;
  bool read_only = false;
  std::string path;
  std::size_t line = 0;
};

struct HostAlias {
  std::string address;
  std::vector<std::string> names;
};

struct PodSpec {
  std::vector<Container> init_containers;
  std::vector<Container> containers;
  std::vector<Volume> volumes;
  std::string restart_policy = "Always";
  std::string hostname;
  bool host_network = false;
  bool host_pid = false;
  bool host_ipc = false;
  bool share_processes = false;
  bool host_users = true;
  std::vector<HostAlias> host_aliases;
  std::vector<std::string> name_servers;
  std::vector<std::string> searches;
  std::vector<std::string> dns_options;
  std::optional<std::int64_t> grace_s;
  SecurityContext security;
  std::optional<std::int64_t> fs_group;
  std::vector<std::int64_t> groups;
  std::vector<std::pair<std::string, std::string>> sysctls;
  std::optional<std::int64_t> deadline_s;
};

struct Pod {
  Metadata metadata;
  PodSpec spec;
  std::string where;  ///< "web.yaml: document 1 (Pod web)"
};

struct ConfigMap {
  Metadata metadata;
  std::map<std::string, std::string> data;  ///< also what is binary
};

struct Secret {
  Metadata metadata;
  std::map<std::string, std::string> data;  ///< decoded
};

struct Claim {
  Metadata metadata;
  std::map<std::string, std::string> options;  ///< of the volume: type, device, o
};

struct Manifest {
  std::vector<Pod> pods;  ///< those of Deployments too, one for each replica
  std::vector<ConfigMap> config_maps;
  std::vector<Secret> secrets;
  std::vector<Claim> claims;
};

}  // namespace caisson::kube
