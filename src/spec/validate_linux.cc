#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "spec/validate.h"
#include "spec/validation.h"

namespace caisson::spec {

bool Validation::has(NamespaceType type) const { return has_namespace(config_, type); }

bool Validation::has_new(NamespaceType type) const {
  const auto& list = config_.linux_.namespaces;
  return std::any_of(list.begin(), list.end(), [type](const Namespace& n) { return n.type == type && n.path.empty(); });
}

void Validation::namespaces() {
  std::set<NamespaceType> seen;
  for (std::size_t i = 0; i < config_.linux_.namespaces.size(); ++i) {
    const Namespace& name_space = config_.linux_.namespaces[i];
    const std::string pointer = below("/linux/namespaces", i);
    if (!seen.insert(name_space.type).second)
      error(pointer + "/type", fmt::format("'{}' is there twice", namespace_word(name_space.type)));
    if (!name_space.path.empty() && !name_space.path.starts_with('/')) {
      error(pointer + "/path", fmt::format("'{}' is not an absolute path", name_space.path));
    }
  }
}

void Validation::id_map(const std::string& pointer, const std::vector<IdMapping>& mappings) {
  constexpr std::size_t kMost = 340;  // user_namespaces(7), Linux 4.15
  constexpr std::uint64_t kEnd = 0x1'0000'0000;
  if (mappings.size() > kMost) error(pointer, fmt::format("more than {} entries", kMost));
  const auto overlap = [](std::uint64_t a, std::uint64_t a_size, std::uint64_t b, std::uint64_t b_size) {
    return a < b + b_size && b < a + a_size;
  };
  for (std::size_t i = 0; i < mappings.size(); ++i) {
    const IdMapping& m = mappings[i];
    if (m.size == 0) error(below(pointer, i) + "/size", "0: maps nothing");
    if (m.container_id + std::uint64_t{m.size} > kEnd || m.host_id + std::uint64_t{m.size} > kEnd) {
      error(below(pointer, i), "goes beyond the last id");
    }
    for (std::size_t j = 0; j < i && i < kMost; ++j) {
      const IdMapping& other = mappings[j];
      if (overlap(m.container_id, m.size, other.container_id, other.size) ||
          overlap(m.host_id, m.size, other.host_id, other.size)) {
        error(below(pointer, i), fmt::format("overlaps entry {}", j));
      }
    }
  }
}

void Validation::mapped(const std::string& pointer, std::string_view what, std::uint32_t id,
                        const std::vector<IdMapping>& mappings) {
  const bool found = std::any_of(mappings.begin(), mappings.end(), [id](const IdMapping& m) {
    return id >= m.container_id && id - m.container_id < m.size;
  });
  if (!found) error(pointer, fmt::format("cannot set{0} to unmapped {0} {1} in user namespace", what, id));
}

void Validation::id_maps() {
  const Linux& linux_config = config_.linux_;
  if (!has(NamespaceType::kUser)) {
    if (!linux_config.uid_mappings.empty()) error("/linux/uidMappings", "set, but the container has no user namespace");
    if (!linux_config.gid_mappings.empty()) error("/linux/gidMappings", "set, but the container has no user namespace");
    return;
  }
  if (!has_new(NamespaceType::kUser)) {  // joined: it has its maps; podman and CRI-O write them here once more
    if (!linux_config.uid_mappings.empty() || !linux_config.gid_mappings.empty()) {
      warn("/linux/uidMappings", "the maps of a user namespace that is joined are what they are: these are not used");
    }
    return;
  }
  id_map("/linux/uidMappings", linux_config.uid_mappings);
  id_map("/linux/gidMappings", linux_config.gid_mappings);
  if (linux_config.uid_mappings.empty()) error("/linux/uidMappings", "missing: a new user namespace needs it");
  if (linux_config.gid_mappings.empty()) error("/linux/gidMappings", "missing: a new user namespace needs it");
  if (linux_config.uid_mappings.empty() || linux_config.gid_mappings.empty()) return;
  const User& user = config_.process.user;
  mapped("/process/user/uid", "uid", user.uid, linux_config.uid_mappings);
  mapped("/process/user/gid", "gid", user.gid, linux_config.gid_mappings);
  for (std::size_t i = 0; i < user.additional_gids.size(); ++i) {
    mapped(below("/process/user/additionalGids", i), "gid", user.additional_gids[i], linux_config.gid_mappings);
  }
}

namespace {

// Kernel parameters that an IPC namespace has of its own (namespaces(7), ipc_namespaces(7)).
bool is_ipc_parameter(std::string_view name) {
  constexpr std::array<std::string_view, 9> kNames = {"kernel.msgmax", "kernel.msgmnb",          "kernel.msgmni",
                                                      "kernel.sem",    "kernel.shmall",          "kernel.shmmax",
                                                      "kernel.shmmni", "kernel.shm_rmid_forced", "kernel.msg_next_id"};
  return name.starts_with("fs.mqueue.") || std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace

void Validation::sysctl(const std::string& pointer, std::string name) {
  // sysctl(8): with a slash before the first dot, slashes separate and dots are part of names
  // ("net/ipv4/conf/eth0.1/forwarding").
  if (name.find('/') != std::string::npos && name.find('/') < name.find('.'))
    std::replace(name.begin(), name.end(), '/', '.');
  const std::vector<std::string_view> parts = split(name, '.');
  const bool path = std::any_of(parts.begin(), parts.end(), [](std::string_view part) { return part.empty(); });
  if (path || parts.size() < 2 || has_dot_dot(name)) return error(pointer, "not the name of a kernel parameter");

  const auto needs = [&](NamespaceType type) {
    if (!has(type))
      error(pointer, fmt::format("belongs to the {0} namespace, and the container has the host's {0} namespace",
                                 namespace_word(type)));
  };
  if (name.starts_with("net.")) return needs(NamespaceType::kNetwork);
  if (is_ipc_parameter(name)) return needs(NamespaceType::kIpc);
  if (name == "kernel.domainname") return needs(NamespaceType::kUts);
  if (name == "kernel.hostname") return error(pointer, "is set by the key hostname");
  if (name.starts_with("user.")) return needs(NamespaceType::kUser);
  error(pointer, "belongs to no namespace: it would be set for the whole host");
}

void Validation::sysctls() {
  for (const auto& [name, value] : config_.linux_.sysctl) sysctl(below("/linux/sysctl", name), name);
}

void Validation::devices() {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < config_.linux_.devices.size(); ++i) {
    const Device& device = config_.linux_.devices[i];
    const std::string pointer = below("/linux/devices", i);
    if (!is_plain_absolute(device.path)) {
      error(pointer + "/path", fmt::format("'{}' is not an absolute path without '..'", device.path));
    } else if (!seen.insert(device.path).second) {
      error(pointer + "/path", fmt::format("{} is there twice", device.path));
    }
    constexpr std::int64_t kMajors = 1 << 12, kMinors = 1 << 20;  // dev_t in the kernel
    if (device.major < 0 || device.major >= kMajors)
      error(pointer + "/major", fmt::format("{} is not from 0 to {}", device.major, kMajors - 1));
    if (device.minor < 0 || device.minor >= kMinors)
      error(pointer + "/minor", fmt::format("{} is not from 0 to {}", device.minor, kMinors - 1));
    if ((device.file_mode.value_or(0) & ~std::uint32_t{S_IFMT}) > 07777)  // podman writes the type of the file too
      error(pointer + "/fileMode", fmt::format("{} is more than the permissions of a file (4095)", *device.file_mode));
  }
}

void Validation::seccomp() {
  if (config_.linux_.seccomp) validate_seccomp(*config_.linux_.seccomp, "/linux/seccomp", findings_);
}

void Validation::paths() {
  const Linux& linux_config = config_.linux_;
  const auto absolute = [&](const std::string& pointer, const std::vector<std::string>& list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!list[i].starts_with('/')) error(below(pointer, i), fmt::format("'{}' is not an absolute path", list[i]));
    }
  };
  absolute("/linux/maskedPaths", linux_config.masked_paths);
  absolute("/linux/readonlyPaths", linux_config.readonly_paths);
  if (has_dot_dot(linux_config.cgroups_path) || linux_config.cgroups_path.find('\n') != std::string::npos) {
    error("/linux/cgroupsPath", fmt::format("'{}' may not lead upwards", linux_config.cgroups_path));
  }
  constexpr std::array<std::string_view, 9> kPropagations = {"",       "private", "rprivate",   "slave",      "rslave",
                                                             "shared", "rshared", "unbindable", "runbindable"};
  if (std::find(kPropagations.begin(), kPropagations.end(), linux_config.rootfs_propagation) == kPropagations.end()) {
    error("/linux/rootfsPropagation",
          fmt::format("'{}' is none of private, shared, slave, unbindable", linux_config.rootfs_propagation));
  }
}

namespace {

// "2MB", "64KB", "1GB": it becomes part of a file's name.
bool is_page_size(std::string_view text) {
  if (text.size() < 3 || !text.ends_with('B') ||
      std::string_view("KMG").find(text[text.size() - 2]) == std::string_view::npos)
    return false;
  return text[0] != '0' && parse_unsigned(text.substr(0, text.size() - 2)).has_value();
}

}  // namespace

void Validation::resources() {
  const Resources& resources = config_.linux_.resources;
  const std::string base = "/linux/resources";
  for (std::size_t i = 0; i < resources.hugepage_limits.size(); ++i) {
    const std::string& size = resources.hugepage_limits[i].page_size;
    if (!is_page_size(size))
      error(below(base + "/hugepageLimits", i) + "/pageSize",
            fmt::format("'{}' is not a page size as in \"2MB\"", size));
  }
  for (std::size_t i = 0; i < resources.devices.size(); ++i) {
    const DeviceRule& rule = resources.devices[i];
    const std::string pointer = below(base + "/devices", i);
    if (rule.access.find_first_not_of("rwm") != std::string::npos)
      error(pointer + "/access", fmt::format("'{}' is not made of r, w, m", rule.access));
    if (rule.major.value_or(0) < 0) error(pointer + "/major", "below 0");
    if (rule.minor.value_or(0) < 0) error(pointer + "/minor", "below 0");
  }
  const Memory& memory = resources.memory;
  for (const auto& [key, value] : {std::pair{"limit", &memory.limit}, std::pair{"reservation", &memory.reservation},
                                   std::pair{"swap", &memory.swap}, std::pair{"kernel", &memory.kernel},
                                   std::pair{"kernelTCP", &memory.kernel_tcp}}) {
    if (value->value_or(0) < -1)
      error(base + "/memory/" + key, fmt::format("{} is below -1, which means no limit", **value));
  }
  for (const auto& [key, value] : resources.unified) {
    if (key.empty() || key.find('/') != std::string::npos)
      error(below(base + "/unified", key), "not the name of a cgroup file");
  }
}

void Validation::mount_mappings(const std::string& pointer, const Mount& mount) {
  if (mount.uid_mappings.empty() && mount.gid_mappings.empty()) return;
  if (mount.uid_mappings.empty()) error(pointer + "/uidMappings", "missing: there is gidMappings");
  if (mount.gid_mappings.empty()) error(pointer + "/gidMappings", "missing: there is uidMappings");
  id_map(pointer + "/uidMappings", mount.uid_mappings);
  id_map(pointer + "/gidMappings", mount.gid_mappings);
}

namespace {

// What the kernel takes for the name of a network device (dev_valid_name()).
bool is_device_name(std::string_view name) {
  constexpr std::size_t kLongest = 15;  // IFNAMSIZ
  const bool has_bad = std::any_of(name.begin(), name.end(), [](char c) {
    return c == '/' || c == ':' || static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
  });
  return !name.empty() && name.size() <= kLongest && name != "." && name != ".." && !has_bad;
}

// "eth%d", whose place the first free number takes.
bool is_device_template(std::string_view name) {
  const std::size_t percent = name.find('%');
  return percent != std::string_view::npos && name.substr(percent).starts_with("%d") &&
         name.find('%', percent + 1) == std::string_view::npos;
}

}  // namespace

void Validation::net_devices() {
  const auto& devices = config_.linux_.net_devices;
  if (!devices.empty() && !has(NamespaceType::kNetwork)) {
    error("/linux/netDevices", "set, but the container has no network namespace: they would stay the host's");
  }
  std::set<std::string_view> seen;
  for (const auto& [host_name, device] : devices) {
    const std::string pointer = below("/linux/netDevices", host_name);
    if (!is_device_name(host_name) || host_name.find('%') != std::string::npos)
      error(pointer, fmt::format("'{}' is not the name of a network device", host_name));
    const std::string& name = device.name.empty() ? host_name : device.name;
    const bool is_template = name.find('%') != std::string::npos;
    if (!is_device_name(name) || (is_template && !is_device_template(name))) {
      error(pointer + "/name", fmt::format("'{}' is not the name of a network device", name));
    } else if (!is_template && !seen.insert(name).second) {
      error(pointer + "/name", fmt::format("{} is the name of another device as well", name));
    }
  }
}

void Validation::intel_rdt() {
  if (!config_.linux_.intel_rdt) return;
  const IntelRdt& rdt = *config_.linux_.intel_rdt;
  const std::string base = "/linux/intelRdt";
  const bool is_default = rdt.clos_id == "/";
  if (rdt.clos_id == "." || rdt.clos_id == ".." ||
      (!is_default && rdt.clos_id.find_first_of(std::string_view("/\n\0", 3)) != std::string::npos)) {
    error(base + "/closID", fmt::format("'{}' is not the name of a directory", rdt.clos_id));
  }
  for (const std::string_view name : {"mon_groups", "mon_data", "info"}) {
    if (rdt.clos_id == name) error(base + "/closID", fmt::format("'{}' is a directory of the file system's own", name));
  }
  if (!rdt.mem_bw_schema.empty() && !rdt.mem_bw_schema.starts_with("MB:"))
    error(base + "/memBwSchema", fmt::format("'{}' does not begin with MB:", rdt.mem_bw_schema));
  if (rdt.mem_bw_schema.find('\n') != std::string::npos) error(base + "/memBwSchema", "has more than one line");
  for (std::size_t i = 0; i < rdt.schemata.size(); ++i) {
    const std::string& line = rdt.schemata[i];
    if (line.find(':') == std::string::npos || line.find('\n') != std::string::npos)
      error(below(base + "/schemata", i), fmt::format("'{}' is not a line as in \"L3:0=ff\"", line));
  }
}

}  // namespace caisson::spec
