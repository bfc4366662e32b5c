#include "runtime/settle.h"

#include <linux/capability.h>
#include <unistd.h>

#include "cgroup/device_transition.h"
#include "cgroup/occupation.h"
#include "cgroup/place.h"
#include "host/probe.h"
#include "kernel/files.h"
#include "kernel/user_namespace.h"

namespace caisson::runtime {

namespace {

void complete_resources(spec::Resources& resources, const HostFacts& facts, const Log* log) {
  for (const Error& dropped : cgroup::drop_unsupported(resources, facts)) {
    if (log != nullptr) log->warning(dropped.text());
  }
  // The rules are the host's root's to write; nobody else can make a node, so that nothing is lost without them.
  resources.devices =
      is_root_of_host(facts) ? cgroup::runtime_device_rules(resources.devices) : std::vector<spec::DeviceRule>();
}

// Who moves a process on v2 has to be able to write where both cgroups are, too (cgroup-v2.rst, "Delegation
// Containment").
bool may_make(const CgroupHierarchy& hierarchy, const std::string& path) {
  const std::string above = hierarchy.path + path.substr(0, path.rfind('/'));
  return ::access(above.c_str(), W_OK | X_OK) == 0 &&
         (!hierarchy.unified || ::access((above + "/cgroup.procs").c_str(), W_OK) == 0);
}

// A cgroup that nobody asked for is done without where this user may make none. One that is asked for is tried, and so
// is root's.
void settle_place(cgroup::Place& place, HostFacts& facts) {
  const bool is_tried = !place.is_default || is_root_of_host(facts);
  for (std::size_t i = 0; i < facts.hierarchies.size(); ++i) {
    CgroupHierarchy& hierarchy = facts.hierarchies[i];
    hierarchy.is_writable = is_tried || may_make(hierarchy, place.paths[i]);
    if (!hierarchy.is_writable) place.paths[i].clear();
  }
}

// Where the container has no cgroup of its own it stays in the caller's. One outside what can be seen has no path.
std::vector<std::string> callers_cgroups(const std::vector<std::string>& paths, const HostFacts& facts) {
  std::vector<std::string> directories;
  for (std::size_t i = 0; i < facts.hierarchies.size(); ++i) {
    const CgroupHierarchy& hierarchy = facts.hierarchies[i];
    const bool counts = !hierarchy.unified && !hierarchy.is_named();
    if (!paths[i].empty() || !counts || !cgroup::clean_path(hierarchy.caller)) continue;
    std::string directory = hierarchy.path + hierarchy.caller;
    if (kernel::exists(directory)) directories.push_back(std::move(directory));
  }
  return directories;
}

}  // namespace

bool is_root_of_host(const HostFacts& facts) {
  return facts.effective_uid == 0 && facts.may(CAP_SYS_ADMIN) && !kernel::in_user_namespace();
}

Result<> settle_cgroup(spec::Config& config, const std::string& id, HostFacts& facts, plan::Request& request,
                       const Log& log) {
  if (facts.systemd) {  // which finds the place, and starts no unit that is there already
    complete_resources(config.linux_.resources, facts, &log);
    return {};
  }
  const std::string& path = config.linux_.cgroups_path;
  if (!path.starts_with('/')) host::probe_caller_cgroups(facts);
  cgroup::Place place = TRY(cgroup::place_of(path, id, facts));
  settle_place(place, facts);
  std::vector<std::string> directories;
  for (std::size_t i = 0; i < facts.hierarchies.size(); ++i) {
    if (!place.paths[i].empty()) directories.push_back(facts.hierarchies[i].path + place.paths[i]);
  }

  cgroup::Occupation found = TRY(cgroup::look_into(directories));
  if (found.has_children) request.device_list = std::move(found.device_list);
  request.callers_cgroups = callers_cgroups(place.paths, facts);
  request.cgroup_paths = std::move(place.paths);

  complete_resources(config.linux_.resources, facts, &log);
  return {};
}

Result<> settle_without_cgroup(spec::Config& config, HostFacts& facts, plan::Request& request) {
  spec::Resources& resources = config.linux_.resources;
  resources.devices.clear();
  if (resources.pids_limit.value_or(0) <= 0) resources.pids_limit.reset();  // no limit
  if (resources != spec::Resources{}) {
    return fail(in("linux.resources", complaint("there is no limit without a cgroup, and none is to be made",
                                                "leave out the limits, or what keeps it from having a cgroup")));
  }
  host::probe_caller_cgroups(facts);
  request.cgroup_paths = std::vector<std::string>(facts.hierarchies.size());
  request.callers_cgroups = callers_cgroups(*request.cgroup_paths, facts);
  return {};
}

void settle_again(spec::Config& config, const std::vector<std::string>& directories, const HostFacts& facts,
                  plan::Request& request) {
  if (!facts.systemd) request.cgroup_paths = cgroup::place_in(directories, facts).paths;
  complete_resources(config.linux_.resources, facts, nullptr);
}

}  // namespace caisson::runtime
