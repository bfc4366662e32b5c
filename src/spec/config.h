// The OCI runtime configuration (runtime-spec 1.3, config.md and config-linux.md) as types. Names are those of the
// specification in our spelling; an absent optional is an absent key.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "spec/seccomp.h"

namespace caisson::spec {

struct Root {
  std::string path;  ///< absolute, or relative to the bundle
  bool readonly = false;
  bool operator==(const Root&) const = default;
};

struct IdMapping {
  std::uint32_t container_id = 0;
  std::uint32_t host_id = 0;
  std::uint32_t size = 0;
  bool operator==(const IdMapping&) const = default;
};

/// One entry of `mounts`. A destination "/" replaces the root filesystem (as crun has it; used for overlays).
struct Mount {
  std::string destination;
  std::string type;
  std::string source;
  std::vector<std::string> options;
  std::vector<IdMapping> uid_mappings;
  std::vector<IdMapping> gid_mappings;
  bool operator==(const Mount&) const = default;
};

struct ConsoleSize {
  std::uint16_t height = 0;
  std::uint16_t width = 0;
  bool operator==(const ConsoleSize&) const = default;
};

struct User {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::optional<std::uint32_t> umask;
  std::vector<std::uint32_t> additional_gids;
  bool operator==(const User&) const = default;
};

/// Capability sets as bit masks (bit n is capability n of linux/capability.h); names are in spec/capability.h.
struct Capabilities {
  std::uint64_t bounding = 0;
  std::uint64_t effective = 0;
  std::uint64_t inheritable = 0;
  std::uint64_t permitted = 0;
  std::uint64_t ambient = 0;
  bool operator==(const Capabilities&) const = default;
};

struct Rlimit {
  std::string type;  ///< "RLIMIT_NOFILE"
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
  bool operator==(const Rlimit&) const = default;
};

/// Which processes run when others want to (sched_setattr(2)); the names are in spec/kernel_names.h.
struct Scheduler {
  std::string policy;         ///< "SCHED_BATCH"
  std::int32_t nice = 0;      ///< of SCHED_OTHER and SCHED_BATCH
  std::int32_t priority = 0;  ///< of SCHED_FIFO and SCHED_RR
  std::vector<std::string> flags;
  std::uint64_t runtime = 0;  ///< of SCHED_DEADLINE, as the two below: nanoseconds
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
  bool operator==(const Scheduler&) const = default;
};

struct IoPriority {
  std::string class_;  ///< "IOPRIO_CLASS_BE"
  std::int32_t priority = 0;
  bool operator==(const IoPriority&) const = default;
};

/// Lists of processors ("0-3,5") that a further process may run on: before it is in the container's cgroup, and after.
struct CpuAffinity {
  std::string initial;
  std::string final_;
  bool operator==(const CpuAffinity&) const = default;
};

struct Process {
  bool terminal = false;
  std::optional<ConsoleSize> console_size;
  User user;
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::string cwd = "/";
  std::optional<Capabilities> capabilities;
  std::vector<Rlimit> rlimits;
  bool no_new_privileges = false;
  std::string apparmor_profile;
  std::string selinux_label;
  std::optional<int> oom_score_adj;
  std::optional<Scheduler> scheduler;
  std::optional<IoPriority> io_priority;
  std::optional<CpuAffinity> exec_cpu_affinity;
  bool operator==(const Process&) const = default;
};

enum class NamespaceType { kMount, kPid, kNetwork, kIpc, kUts, kUser, kCgroup, kTime };
inline constexpr std::array kNamespaceTypes = {NamespaceType::kMount,  NamespaceType::kPid, NamespaceType::kNetwork,
                                               NamespaceType::kIpc,    NamespaceType::kUts, NamespaceType::kUser,
                                               NamespaceType::kCgroup, NamespaceType::kTime};

/// A namespace the container has: new, or the one at `path`. A type that is not listed is the caller's.
struct Namespace {
  NamespaceType type = NamespaceType::kMount;
  std::string path;  ///< empty: make a new one
  bool operator==(const Namespace&) const = default;
};

struct Device {
  std::string path;
  char type = 'c';  ///< 'c', 'b', 'u' or 'p'
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::optional<std::uint32_t> file_mode;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  bool operator==(const Device&) const = default;
};

struct DeviceRule {
  bool allow = false;
  char type = 'a';                    ///< 'a', 'c' or 'b'
  std::optional<std::int64_t> major;  ///< absent: all
  std::optional<std::int64_t> minor;
  std::string access;  ///< of "rwm"
  bool operator==(const DeviceRule&) const = default;
};

struct Memory {
  std::optional<std::int64_t> limit;  ///< bytes; -1: no limit (also below)
  std::optional<std::int64_t> reservation;
  std::optional<std::int64_t> swap;  ///< memory and swap together
  std::optional<std::int64_t> kernel;
  std::optional<std::int64_t> kernel_tcp;
  std::optional<std::uint64_t> swappiness;
  std::optional<bool> disable_oom_killer;
  std::optional<bool> use_hierarchy;
  std::optional<bool> check_before_update;
  bool operator==(const Memory&) const = default;
};

struct Cpu {
  std::optional<std::uint64_t> shares;
  std::optional<std::int64_t> quota;    ///< microseconds in a period
  std::optional<std::uint64_t> period;  ///< microseconds
  std::optional<std::uint64_t> burst;   ///< microseconds
  std::optional<std::int64_t> realtime_runtime;
  std::optional<std::uint64_t> realtime_period;
  std::string cpus;
  std::string mems;
  std::optional<std::int64_t> idle;
  bool operator==(const Cpu&) const = default;
};

struct WeightDevice {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::optional<std::uint16_t> weight;
  std::optional<std::uint16_t> leaf_weight;
  bool operator==(const WeightDevice&) const = default;
};

struct ThrottleDevice {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::uint64_t rate = 0;
  bool operator==(const ThrottleDevice&) const = default;
};

struct BlockIo {
  std::optional<std::uint16_t> weight;
  std::optional<std::uint16_t> leaf_weight;
  std::vector<WeightDevice> weight_device;
  std::vector<ThrottleDevice> throttle_read_bps;
  std::vector<ThrottleDevice> throttle_write_bps;
  std::vector<ThrottleDevice> throttle_read_iops;
  std::vector<ThrottleDevice> throttle_write_iops;
  bool operator==(const BlockIo&) const = default;
};

struct HugepageLimit {
  std::string page_size;  ///< "2MB"
  std::uint64_t limit = 0;
  bool operator==(const HugepageLimit&) const = default;
};

struct RdmaLimit {
  std::optional<std::uint32_t> handles;
  std::optional<std::uint32_t> objects;
  bool operator==(const RdmaLimit&) const = default;
};

struct InterfacePriority {
  std::string name;  ///< of a network interface
  std::uint32_t priority = 0;
  bool operator==(const InterfacePriority&) const = default;
};

/// How what a container sends is marked, for cgroup v1.
struct Network {
  std::optional<std::uint32_t> class_id;
  std::vector<InterfacePriority> priorities;
  bool operator==(const Network&) const = default;
};

struct Resources {
  std::vector<DeviceRule> devices;
  Memory memory;
  Cpu cpu;
  std::optional<std::int64_t> pids_limit;  ///< -1: no limit
  BlockIo block_io;
  std::vector<HugepageLimit> hugepage_limits;
  Network network;
  std::map<std::string, RdmaLimit> rdma;  ///< by device
  std::map<std::string, std::string> unified;
  bool operator==(const Resources&) const = default;
};

/// What the kernel pretends to be (personality(2)).
struct Personality {
  std::string domain;              ///< "LINUX", "LINUX32"
  std::vector<std::string> flags;  ///< none are known
  bool operator==(const Personality&) const = default;
};

/// On which nodes memory is taken (set_mempolicy(2)).
struct MemoryPolicy {
  std::string mode;   ///< "MPOL_INTERLEAVE"
  std::string nodes;  ///< "0-3,5"
  std::vector<std::string> flags;
  bool operator==(const MemoryPolicy&) const = default;
};

/// How far a clock of a new time namespace is ahead of the host's (time_namespaces(7)).
struct TimeOffset {
  std::int64_t secs = 0;
  std::uint32_t nanosecs = 0;
  bool operator==(const TimeOffset&) const = default;
};

/// A network device of the host's that becomes the container's; its name there: empty, the same.
struct NetDevice {
  std::string name;
  bool operator==(const NetDevice&) const = default;
};

/// A group of the resctrl file system (config-linux.md, "IntelRdt").
struct IntelRdt {
  std::string clos_id;  ///< its directory's name, "/" the one all others are in; empty: the container's id
  std::string l3_cache_schema;
  std::string mem_bw_schema;
  std::vector<std::string> schemata;
  bool enable_monitoring = false;
  bool operator==(const IntelRdt&) const = default;
};

struct Linux {
  std::vector<IdMapping> uid_mappings;
  std::vector<IdMapping> gid_mappings;
  std::map<std::string, std::string> sysctl;
  std::string cgroups_path;
  std::vector<Namespace> namespaces;
  std::vector<Device> devices;
  Resources resources;
  std::string rootfs_propagation;
  std::vector<std::string> masked_paths;
  std::vector<std::string> readonly_paths;
  std::optional<Seccomp> seccomp;
  std::optional<Personality> personality;
  std::optional<MemoryPolicy> memory_policy;
  std::map<std::string, TimeOffset> time_offsets;  ///< by clock: "monotonic", "boottime"
  std::string mount_label;
  std::map<std::string, NetDevice> net_devices;  ///< by their names on the host
  std::optional<IntelRdt> intel_rdt;
  bool operator==(const Linux&) const = default;
};

/// A program of the host's (of the container's: startContainer) that is run with the container's state on its standard
/// input (config.md, "POSIX-platform Hooks").
struct Hook {
  std::string path;
  std::vector<std::string> args;  ///< argv, its first word included; empty: the path alone
  std::vector<std::string> env;
  std::optional<std::int64_t> timeout_s;
  bool operator==(const Hook&) const = default;
};

struct Hooks {
  std::vector<Hook> prestart;
  std::vector<Hook> create_runtime;
  std::vector<Hook> create_container;
  std::vector<Hook> start_container;
  std::vector<Hook> poststart;
  std::vector<Hook> poststop;
  bool operator==(const Hooks&) const = default;
};

struct Config {
  std::string oci_version = "1.3.0";
  Root root;
  std::vector<Mount> mounts;
  Process process;
  std::string hostname;
  std::string domainname;
  std::map<std::string, std::string> annotations;
  Hooks hooks;
  Linux linux_;  ///< `linux` is a macro in GNU dialects
  bool operator==(const Config&) const = default;
};

/// The lists of hooks by their names in the configuration.
struct HookList {
  const char* name;
  std::vector<Hook> Hooks::* list;
};
inline constexpr HookList kHookLists[] = {
    {"prestart", &Hooks::prestart},
    {"createRuntime", &Hooks::create_runtime},
    {"createContainer", &Hooks::create_container},
    {"startContainer", &Hooks::start_container},
    {"poststart", &Hooks::poststart},
    {"poststop", &Hooks::poststop},
};

}  // namespace caisson::spec
