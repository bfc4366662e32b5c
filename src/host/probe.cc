#include "host/probe.h"

#include <linux/capability.h>
#include <linux/magic.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>

#include "base/text.h"
#include "host/resource_limits.h"
#include "kernel/files.h"

namespace caisson::host {

namespace {

constexpr std::string_view kCgroupTop = "/sys/fs/cgroup";
constexpr int kHighestCapability = 63;

std::uint64_t effective_capabilities() {
  struct __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {};
  if (::syscall(SYS_capget, &header, data) != 0) return 0;
  return data[0].effective | static_cast<std::uint64_t>(data[1].effective) << 32;
}

std::uint64_t bounding_capabilities() {
  std::uint64_t mask = 0;
  for (int number = 0; number <= kHighestCapability; ++number) {
    const int present = ::prctl(PR_CAPBSET_READ, number, 0, 0, 0);
    if (present < 0) break;
    if (present == 1) mask |= std::uint64_t{1} << number;
  }
  return mask;
}

long filesystem_type(const std::string& path) {
  struct statfs filesystem{};
  return ::statfs(path.c_str(), &filesystem) == 0 ? filesystem.f_type : 0;
}

std::vector<std::string> words(std::string_view text, char separator) {
  std::vector<std::string> list;
  for (std::string_view word : split(text, separator)) {
    while (word.ends_with('\n')) word.remove_suffix(1);
    if (!word.empty()) list.emplace_back(word);
  }
  return list;
}

// By absolute path: what a user's PATH finds is not to be trusted with ids.
std::string program(std::string_view name) {
  for (const std::string_view directory : {"/usr/bin/", "/bin/", "/usr/local/bin/"}) {
    std::string path = std::string(directory) + std::string(name);
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

CgroupHierarchy unified_hierarchy(const std::string& path) {
  CgroupHierarchy hierarchy{.path = path, .unified = true};
  if (const auto controllers = kernel::read_file(path + "/cgroup.controllers"))
    hierarchy.controllers = words(*controllers, ' ');
  return hierarchy;
}

// A v1 hierarchy's directory is named after its controllers ("cpu,cpuacct"), a named one after its name ("systemd").
CgroupHierarchy v1_hierarchy(const std::string& path, const std::string& name) {
  CgroupHierarchy hierarchy{.path = path};
  const bool named =
      kernel::exists(path + "/cgroup.procs") && (name == "systemd" || name == "elogind" || name == "openrc");
  hierarchy.controllers = named ? std::vector<std::string>{"name=" + name} : words(name, ',');
  return hierarchy;
}

void probe_cgroups(HostFacts& facts) {
  const std::string top(kCgroupTop);
  const long type = filesystem_type(top);
  if (type == CGROUP2_SUPER_MAGIC) {
    facts.cgroup_mode = CgroupMode::kV2;
    facts.hierarchies = {unified_hierarchy(top)};
    const auto delegated = kernel::read_file("/sys/kernel/cgroup/delegate");  // since Linux 4.15
    facts.delegated_files = words(delegated.value_or("cgroup.procs\ncgroup.threads\ncgroup.subtree_control"), '\n');
    return;
  }
  Result<std::vector<std::string>> names = kernel::list_directory(top);
  if (!names) return;
  std::sort(names->begin(), names->end());
  std::vector<CgroupHierarchy> unified;
  for (const std::string& name : *names) {
    const std::string path = top + "/" + name;
    if (kernel::read_link(path)) continue;  // "cpu" → "cpu,cpuacct"
    const long kind = filesystem_type(path);
    if (kind == CGROUP_SUPER_MAGIC) facts.hierarchies.push_back(v1_hierarchy(path, name));
    if (kind == CGROUP2_SUPER_MAGIC) unified.push_back(unified_hierarchy(path));
  }
  if (!facts.hierarchies.empty()) facts.cgroup_mode = unified.empty() ? CgroupMode::kV1 : CgroupMode::kHybrid;
  facts.hierarchies.insert(facts.hierarchies.end(), unified.begin(), unified.end());
}

// The cgroup that /proc/self/cgroup ("4:memory:/user/a", "0::/user.slice/…") names in a hierarchy (cgroups(7)).
std::string own_cgroup(std::string_view listing, const CgroupHierarchy& hierarchy) {
  for (const std::string_view line : split(listing, '\n')) {
    const Cut number = cut(line, ':');
    const Cut controllers = number.tail ? cut(*number.tail, ':') : Cut{};
    if (!controllers.tail) continue;
    const bool same = controllers.head.empty() ? hierarchy.unified
                                               : !hierarchy.unified && hierarchy.has(cut(controllers.head, ',').head);
    if (same) return *controllers.tail == "/" ? std::string() : std::string(*controllers.tail);
  }
  return {};
}

// Where an ordinary user may make cgroups: with v1 below its own; with v2 beside it, for one with processes in it can
// hand no controller on (cgroup-v2.rst, "No Internal Process Constraint").
void find_delegated(CgroupHierarchy& hierarchy, std::string_view listing, bool beside) {
  hierarchy.own = own_cgroup(listing, hierarchy);
  if (beside) hierarchy.own.resize(std::min(hierarchy.own.rfind('/'), hierarchy.own.size()));
  const std::string place = hierarchy.place();
  hierarchy.is_writable = ::access(place.c_str(), W_OK | X_OK) == 0;
  if (!beside) return;
  // Who moves a process has to be able to write there in the cgroup above both, too.
  hierarchy.is_writable = hierarchy.is_writable && ::access((place + "/cgroup.procs").c_str(), W_OK) == 0;
  hierarchy.controllers = unified_hierarchy(place).controllers;
}

void find_delegated(HostFacts& facts) {
  const std::string listing = kernel::read_file("/proc/self/cgroup").value_or("");
  for (CgroupHierarchy& hierarchy : facts.hierarchies)
    find_delegated(hierarchy, listing, facts.cgroup_mode == CgroupMode::kV2);
}

// Which part of its hierarchy is mounted at `path`: "/docker/ID" in a container that has no cgroup namespace, or "/"
// (proc_pid_mountinfo(5): the fourth and the fifth word of a line).
std::string mounted_root(const std::string& path) {
  const std::string mounts = kernel::read_file("/proc/self/mountinfo").value_or("");
  for (const std::string_view line : split(mounts, '\n')) {
    const std::vector<std::string_view> word = split(line, ' ');
    if (word.size() > 4 && word[4] == path) return std::string(word[3]);
  }
  return "/";
}

}  // namespace

void probe_caller_cgroups(HostFacts& facts) {
  const std::string listing = kernel::read_file("/proc/self/cgroup").value_or("");
  for (CgroupHierarchy& hierarchy : facts.hierarchies) {
    hierarchy.caller = own_cgroup(listing, hierarchy);
    if (hierarchy.caller.empty() || kernel::exists(hierarchy.path + hierarchy.caller)) continue;
    const std::string root = mounted_root(hierarchy.path);
    if (hierarchy.caller == root) {
      hierarchy.caller.clear();
    } else if (root != "/" && hierarchy.caller.starts_with(root + "/")) {
      hierarchy.caller.erase(0, root.size());
    }
  }
}

HostFacts probe() {
  HostFacts facts;
  struct utsname name{};
  if (::uname(&name) == 0) facts.kernel = name.release;
  facts.effective_uid = ::geteuid();
  facts.effective_gid = ::getegid();
  if (facts.is_ordinary_user()) {
    facts.newuidmap = program("newuidmap");
    facts.newgidmap = program("newgidmap");
  }
  facts.effective_capabilities = effective_capabilities();
  facts.bounding_capabilities = bounding_capabilities();
  facts.apparmor = kernel::read_file("/sys/module/apparmor/parameters/enabled").value_or("").starts_with("Y");
  facts.selinux = kernel::exists("/sys/fs/selinux/enforce");
  probe_cgroups(facts);
  if (facts.is_ordinary_user()) find_delegated(facts);
  // Asked directly: /proc/filesystems costs more than both questions.
  if (kernel::exists("/proc/sys/fs/mqueue")) facts.filesystems.emplace_back("mqueue");
  if (filesystem_type("/sys/fs/resctrl") == RDTGROUP_SUPER_MAGIC) facts.resctrl = "/sys/fs/resctrl";
  facts.selinux = kernel::exists("/sys/fs/selinux/enforce");
  for (const ResourceLimitName& row : kResourceLimits) {
    struct rlimit limit{};
    if (::getrlimit(static_cast<__rlimit_resource>(row.number), &limit) == 0)
      facts.limits.emplace(row.name, ResourceLimit{limit.rlim_cur, limit.rlim_max});
  }
  return facts;
}

void probe_for_hints(HostFacts& facts) {
  constexpr std::array<std::string_view, 7> kSysctls = {"user.max_user_namespaces",
                                                        "user.max_net_namespaces",
                                                        "user.max_pid_namespaces",
                                                        "kernel.unprivileged_userns_clone",
                                                        "kernel.apparmor_restrict_unprivileged_userns",
                                                        "kernel.keys.maxkeys",
                                                        "kernel.keys.root_maxkeys"};
  for (const std::string_view sysctl : kSysctls) {
    std::string path = "/proc/sys/" + std::string(sysctl);
    std::replace(path.begin() + 10, path.end(), '.', '/');
    if (const auto value = kernel::read_file(path)) {
      const std::vector<std::string> word = words(*value, '\n');
      if (!word.empty()) facts.sysctls[std::string(sysctl)] = word[0];
    }
  }
}

}  // namespace caisson::host
