// The limits that an ordinary user may not set: taken off again, and said.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/compose_topics.h"

namespace caisson::engine {

namespace {

/// Limits that one controller keeps, with the options they come from.
struct Kept {
  std::array<std::string_view, 2> controllers;  ///< the names with v1 and v2
  std::array<std::string_view, 4> options;
  void (*take_off)(spec::Resources& resources);
};
constexpr Kept kKept[] = {
    {{"memory", "memory"},
     {"memory", "memory-swap", "memory-reservation", "memory-swappiness"},
     [](spec::Resources& r) { r.memory = {}; }},
    {{"cpu", "cpu"},
     {"cpus", "cpu-shares", "cpu-quota", "cpu-period"},
     [](spec::Resources& r) {
       r.cpu.shares.reset();
       r.cpu.quota.reset();
       r.cpu.period.reset();
     }},
    {{"cpuset", "cpuset"},
     {"cpuset-cpus", "cpuset-mems", "", ""},
     [](spec::Resources& r) { r.cpu.cpus = r.cpu.mems = {}; }},
    {{"pids", "pids"}, {"pids-limit", "", "", ""}, [](spec::Resources& r) { r.pids_limit.reset(); }},
    {{"blkio", "io"}, {"blkio-weight", "", "", ""}, [](spec::Resources& r) { r.block_io = {}; }},
};

// What cannot be written: the directory, or on v2 perhaps only the list of controllers that were handed down.
std::string refusing_file(const HostFacts& facts, const Kept& kept) {
  for (const std::string_view controller : kept.controllers) {
    if (const CgroupHierarchy* hierarchy = facts.hierarchy(controller)) return hierarchy->place();
  }
  if (facts.cgroup_mode != CgroupMode::kV2 || facts.hierarchies.empty())
    return fmt::format("no cgroup controller '{}'", kept.controllers[0]);
  const CgroupHierarchy& unified = facts.hierarchies.front();
  return unified.is_writable ? unified.place() + "/cgroup.controllers" : unified.place();
}

}  // namespace

void compose_delegation(const Composing& c) {
  const HostFacts& facts = c.around.facts;
  if (!facts.is_ordinary_user()) return;
  spec::Resources& resources = c.config().linux_.resources;
  std::vector<std::string> lost;
  std::string file;
  for (const Kept& kept : kKept) {
    if (facts.may_limit(kept.controllers[0]) || facts.may_limit(kept.controllers[1])) continue;
    kept.take_off(resources);
    for (const std::string_view option : kept.options) {
      const auto typed = c.options.typed.find(std::string(option));
      if (typed == c.options.typed.end()) continue;
      lost.push_back(typed->second);
      if (file.empty()) file = refusing_file(facts, kept);
    }
  }
  // A node that is not there cannot be made in a user namespace, so that nothing is lost without these rules.
  if (!facts.may_limit("devices")) resources.devices.clear();
  const bool nowhere = std::none_of(facts.hierarchies.begin(), facts.hierarchies.end(),
                                    [](const CgroupHierarchy& hierarchy) { return hierarchy.is_writable; });
  if (nowhere) c.config().linux_.cgroups_path.clear();
  if (lost.empty()) return;
  c.out.warnings.push_back(
      fmt::format("{}: no such limit is set: user {} may not write to {}{}", join(lost, " "), facts.effective_uid, file,
                  facts.cgroup_mode == CgroupMode::kV2
                      ? " (in a cgroup that is the user's own it may: systemd-run --user --scope caisson run …)"
                      : ""));
}

}  // namespace caisson::engine
