#include "runtime/settle.h"

#include "cgroup/device_transition.h"
#include "cgroup/occupation.h"
#include "cgroup/place.h"
#include "host/probe.h"

namespace caisson::runtime {

namespace {

void complete_resources(spec::Resources& resources, const HostFacts& facts, const Log* log) {
  for (const Error& dropped : cgroup::drop_unsupported(resources, facts)) {
    if (log != nullptr) log->warning(dropped.text());
  }
  resources.devices = cgroup::runtime_device_rules(resources.devices);
}

}  // namespace

Result<Settled> settle_cgroup(spec::Config& config, const std::string& id, HostFacts& facts, plan::Request& request,
                              const Log& log) {
  if (facts.systemd) {  // which finds the place, and starts no unit that is there already
    complete_resources(config.linux_.resources, facts, &log);
    return Settled{};
  }
  const std::string& path = config.linux_.cgroups_path;
  if (!path.starts_with('/')) host::probe_caller_cgroups(facts);
  cgroup::Place place = TRY(cgroup::place_of(path, id, facts));
  std::vector<std::string> directories;
  for (std::size_t i = 0; i < facts.hierarchies.size(); ++i)
    directories.push_back(facts.hierarchies[i].path + place.paths[i]);

  cgroup::Occupation found = TRY(cgroup::look_into(directories));
  if (found.processes > 0) log.warning(cgroup::not_empty(found));
  if (found.has_children) request.device_list = std::move(found.device_list);
  request.cgroup_paths = std::move(place.paths);

  complete_resources(config.linux_.resources, facts, &log);
  return Settled{.shares_cgroup = found.processes > 0};
}

void settle_again(spec::Config& config, const std::vector<std::string>& directories, const HostFacts& facts,
                  plan::Request& request) {
  if (!facts.systemd) request.cgroup_paths = cgroup::place_in(directories, facts).paths;
  complete_resources(config.linux_.resources, facts, nullptr);
}

}  // namespace caisson::runtime
