#include "plan/resctrl.h"

#include "base/text.h"

namespace caisson::plan {

namespace {

std::string group_of(const spec::IntelRdt& rdt, std::string_view id, const std::string& mounted_at) {
  if (rdt.clos_id == "/") return mounted_at;
  return mounted_at + "/" + (rdt.clos_id.empty() ? std::string(id) : rdt.clos_id);
}

std::string monitor_of(const spec::IntelRdt& rdt, std::string_view id, const std::string& mounted_at) {
  return group_of(rdt, id, mounted_at) + "/mon_groups/" + std::string(id);
}

// The lines for the file schemata: memBwSchema takes the place of an MB line among the others.
std::vector<std::string> schemata_of(const spec::IntelRdt& rdt) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(rdt.l3_cache_schema, '\n')) {
    if (!line.empty() && !(line.starts_with("MB:") && !rdt.mem_bw_schema.empty())) lines.emplace_back(line);
  }
  if (!rdt.mem_bw_schema.empty()) lines.push_back(rdt.mem_bw_schema);
  lines.insert(lines.end(), rdt.schemata.begin(), rdt.schemata.end());
  for (std::string& line : lines) line += '\n';
  return lines;
}

}  // namespace

Result<> join_resctrl(const spec::Config& config, Builder& builder, Slot pid) {
  if (!config.linux_.intel_rdt) return {};
  const spec::IntelRdt& rdt = *config.linux_.intel_rdt;
  const std::string& id = builder.request().state.id;
  const std::string& mounted_at = builder.facts().resctrl;
  if (mounted_at.empty()) {
    return fail(in(builder.label("linux.intelRdt"),
                   complaint("no resctrl file system is mounted at /sys/fs/resctrl",
                             "mount -t resctrl resctrl /sys/fs/resctrl, where the processor has RDT")));
  }
  if (id.empty() && (rdt.clos_id.empty() || rdt.enable_monitoring))
    return fail(
        in(builder.label("linux.intelRdt"), complaint("a container without an id cannot have a group of its own")));

  Plan& plan = builder.plan();
  const std::vector<std::string> schemata = schemata_of(rdt);
  builder.add(Lane::kParent, "linux.intelRdt", "its share of the processor's caches and of the memory's bandwidth",
              JoinResctrlGroup{.directory = plan.add(group_of(rdt, id, mounted_at)),
                               .schemata = plan.add(schemata),
                               .pid = pid,
                               .made = plan.new_slot("whether the resctrl group was made"),
                               .may_make = rdt.clos_id.empty() || (rdt.clos_id != "/" && !schemata.empty()),
                               .is_shared = !rdt.clos_id.empty()},
              Undo::kRemove);
  if (!rdt.enable_monitoring) return {};
  builder.add(Lane::kParent, "linux.intelRdt.enableMonitoring", "what it uses of them is counted apart",
              JoinResctrlGroup{.directory = plan.add(monitor_of(rdt, id, mounted_at)),
                               .pid = pid,
                               .made = plan.new_slot("whether the monitoring group was made"),
                               .may_make = true},
              Undo::kRemove);
  return {};
}

std::vector<std::string> resctrl_leftovers(const spec::Config& config, std::string_view id,
                                           const std::string& mounted_at) {
  if (!config.linux_.intel_rdt || mounted_at.empty() || id.empty()) return {};
  const spec::IntelRdt& rdt = *config.linux_.intel_rdt;
  std::vector<std::string> directories;
  if (rdt.enable_monitoring) directories.push_back(monitor_of(rdt, id, mounted_at));
  if (rdt.clos_id.empty()) directories.push_back(group_of(rdt, id, mounted_at));
  return directories;
}

}  // namespace caisson::plan
