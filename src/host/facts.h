// What this host offers, as plain data: probed by host/probe.h, given to the planner, printed by `doctor`. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caisson {

enum class CgroupMode { kNone, kV1, kHybrid, kV2 };

/// One mounted cgroup hierarchy.
struct CgroupHierarchy {
  std::string path;                      ///< "/sys/fs/cgroup/memory"; "/sys/fs/cgroup" itself on v2
  std::vector<std::string> controllers;  ///< "cpu", "cpuacct"; one "name=…" for a named v1 hierarchy
  bool unified = false;                  ///< cgroup v2
  std::string own = {};  ///< the cgroup below which this process makes others: "" for root, "/user.slice/…" otherwise
  bool is_writable = true;  ///< it may make them there
  std::string caller =
      {};  ///< the cgroup that this process is in, "" for the root; asked for by probe_caller_cgroups()
  std::string place() const { return path + own; }
  bool is_named() const { return !unified && !controllers.empty() && controllers.front().starts_with("name="); }
  bool has(std::string_view controller) const {
    return std::find(controllers.begin(), controllers.end(), controller) != controllers.end();
  }
};

/// The systemd that makes this process's units, as libexec/caisson/systemd tells of it.
struct Systemd {
  unsigned version = 0;
  bool is_user = false;  ///< a user's own; without: the system's
  std::string control_group =
      {};  ///< the cgroup of all its units: "" of the system's, "/user.slice/…/user@1000.service"
};

struct ResourceLimit {
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};

struct HostFacts {
  std::string kernel;  ///< uname release: "6.18.44"
  std::uint32_t effective_uid = 0;
  std::uint32_t effective_gid = 0;
  std::uint64_t effective_capabilities = 0;  ///< bit masks of the calling process
  std::uint64_t bounding_capabilities = 0;
  CgroupMode cgroup_mode = CgroupMode::kNone;
  std::vector<CgroupHierarchy>
      hierarchies;  ///< v1 first, in the order of their paths; a hybrid host's unified one last
  std::vector<std::string> delegated_files = {};  ///< v2: the files that go to whom a cgroup is delegated to
  std::vector<std::string> filesystems;           ///< of those that containers use: those listed in /proc/filesystems
  std::map<std::string, ResourceLimit> limits;    ///< "RLIMIT_NOFILE" → the calling process's own
  std::map<std::string, std::string> sysctls;     ///< those that hints name: "user.max_user_namespaces" → "0"
  std::string newuidmap;  ///< path of the program; looked for where an ordinary user needs it, empty if it is not there
  std::string newgidmap;
  std::string resctrl;             ///< where the resctrl file system is mounted; empty: nowhere
  std::optional<Systemd> systemd;  ///< asked for only where it makes the cgroups
  bool apparmor = false;
  bool selinux = false;

  bool has_filesystem(std::string_view type) const {
    return std::find(filesystems.begin(), filesystems.end(), type) != filesystems.end();
  }
  /// Who may do nothing on the host but through a user namespace.
  bool is_ordinary_user() const { return effective_uid != 0; }
  bool may(int capability) const { return (effective_capabilities >> capability & 1U) != 0; }
  /// Whether cgroups can be limited by this controller.
  bool may_limit(std::string_view controller) const {
    const CgroupHierarchy* found = hierarchy(controller);
    return found != nullptr && found->is_writable;
  }
  const CgroupHierarchy* hierarchy(std::string_view controller) const {
    for (const CgroupHierarchy& hierarchy : hierarchies) {
      if (hierarchy.has(controller)) return &hierarchy;
    }
    return nullptr;
  }
};

}  // namespace caisson
