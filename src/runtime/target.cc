#include "runtime/target.h"

#include <fmt/format.h>

#include "cgroup/current.h"
#include "kernel/files.h"
#include "plan/build.h"

namespace caisson::runtime {

Result<std::vector<spec::NamespaceType>> other_namespaces(pid_t pid) {
  std::vector<spec::NamespaceType> types;
  for (const spec::NamespaceType type : spec::kNamespaceTypes) {
    const std::string_view name = plan::namespace_file(type);
    const Result<std::string> theirs = kernel::read_link(fmt::format("/proc/{}/ns/{}", pid, name));
    if (!theirs) {
      if (theirs.error().number == ENOENT && kernel::exists(fmt::format("/proc/{}/ns", pid)))
        continue;  // this kernel has none
      return fail(theirs.error());
    }
    if (*theirs != kernel::read_link(fmt::format("/proc/self/ns/{}", name)).value_or("")) types.push_back(type);
  }
  return types;
}

bool may_set_groups(pid_t pid) {
  return !kernel::read_file(fmt::format("/proc/{}/setgroups", pid)).value_or("").starts_with("deny");
}

Result<std::vector<std::string>> cgroups_to_join(std::vector<std::string> directories, pid_t pid,
                                                 const HostFacts& facts) {
  if (facts.cgroup_mode != CgroupMode::kV2 || directories.size() != 1) return directories;
  const std::string& mount = facts.hierarchies.front().path;
  if (!kernel::exists(directories.front())) {
    directories.front() = TRY(cgroup::unified_cgroup(pid, mount));
    return directories;
  }
  if (kernel::read_file(directories.front() + "/cgroup.subtree_control").value_or("").empty()) return directories;
  directories.front() = TRY(cgroup::current_cgroup(pid, directories.front(), mount));
  return directories;
}

}  // namespace caisson::runtime
