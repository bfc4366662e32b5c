#include "runtime/update.h"

#include <fcntl.h>

#include "base/fd.h"
#include "cgroup/apply.h"
#include "cgroup/tree.h"
#include "cgroup/unit_properties.h"
#include "cgroup/update.h"
#include "host/probe.h"
#include "kernel/files.h"
#include "runtime/bundle.h"
#include "runtime/systemd.h"
#include "spec/json.h"

namespace caisson::runtime {

namespace {

cgroup::Change as_change(cgroup::FileWrite write) {
  return {.path = write.directory + "/" + write.file,
          .value = std::move(write.value),
          .item = std::move(write.item),
          .other_path = write.other_file.empty() ? "" : write.directory + "/" + write.other_file,
          .other_value = std::move(write.other_value),
          .may_be_missing = write.may_be_missing};
}

// Where the kernel does not refuse such a limit, but kills for it.
Result<> check_before(const spec::Memory& wanted, const spec::Memory& change,
                      const std::vector<std::string>& cgroup_directories, const HostFacts& facts) {
  const CgroupHierarchy* hierarchy = facts.hierarchy("memory");
  if (!wanted.check_before_update.value_or(false) || hierarchy == nullptr || !hierarchy->unified) return {};
  const std::string* directory = cgroup::directory_in(*hierarchy, cgroup_directories);
  if (directory == nullptr) return {};
  return cgroup::check_memory_usage(*directory, change.limit.value_or(0), change.swap.value_or(0));
}

// systemd does so itself for its units. They stay enabled whatever becomes of the update, which limits nothing.
Result<> enable(const std::vector<cgroup::EnabledControllers>& controllers) {
  for (const cgroup::EnabledControllers& above : controllers) {
    const std::string path = above.directory + "/cgroup.subtree_control";
    const Fd file = TRY_IN(above.item, kernel::open_file(path, O_WRONLY));
    TRY_IN(above.item, kernel::write_all(file.get(), above.controllers, path));
  }
  return {};
}

std::vector<pid_t> members(const Record& record) {
  for (const std::string& directory : record.cgroup_directories) {
    std::vector<pid_t> pids = cgroup::processes_in(directory);
    if (!pids.empty()) return pids;
  }
  return {};
}

// The writes that make `change` of `present`, checked as far as that goes without touching anything.
Result<std::vector<cgroup::Change>> changes_of(const spec::Resources& present, const spec::Resources& change,
                                               const std::vector<std::string>& cgroup_directories,
                                               const HostFacts& facts) {
  std::vector<cgroup::Change> changes;
  const cgroup::Place place = cgroup::place_in(cgroup_directories, facts);
  for (cgroup::FileWrite& write : TRY(cgroup::update_writes(present, change, place, facts)))
    changes.push_back(as_change(std::move(write)));
  TRY(check_before(cgroup::merged(present, change).memory, change.memory, cgroup_directories, facts));
  return changes;
}

// What they need of the cgroups above.
Result<> enable_for(const spec::Resources& present, const spec::Resources& change,
                    const std::vector<std::string>& cgroup_directories, const HostFacts& facts) {
  const cgroup::Place place = cgroup::place_in(cgroup_directories, facts);
  return enable(TRY(cgroup::update_controllers(present, change, place, facts)));
}

}  // namespace

Result<spec::Resources> update_limits(const std::vector<std::string>& cgroup_directories,
                                      const spec::Resources& present, spec::Resources change, const Log& log) {
  const HostFacts facts = host::probe();
  for (const Error& dropped : cgroup::drop_unsupported(change, facts)) log.warning(dropped.text());
  const std::vector<cgroup::Change> changes = TRY(changes_of(present, change, cgroup_directories, facts));
  TRY(enable_for(present, change, cgroup_directories, facts));
  TRY(cgroup::apply(changes));
  return cgroup::merged(present, change);
}

Result<> update(const StateRoot& root, const Container& container, LimitChange change, const Log& log) {
  const Record& record = container.record;
  if (container.status == Status::kStopped) return fail(complaint("container not running"));
  const bool is_unit = !record.systemd_unit.empty();
  HostFacts facts = host::probe();
  if (is_unit) TRY(use_systemd(record.choices.systemd_program, facts));
  for (const Error& dropped : cgroup::drop_unsupported(change.resources, facts)) log.warning(dropped.text());

  const Bundle bundle = TRY(reread_bundle(record.bundle, root.config(record.id)));
  const spec::Resources& present = bundle.config.linux_.resources;
  const spec::Resources wanted = cgroup::merged(present, change.resources);
  if (is_unit && (change.resources.cpu.quota || change.resources.cpu.period))
    change.resources.cpu.quota = cgroup::rounded_quota(wanted.cpu).quota;
  const std::vector<cgroup::Change> changes =
      TRY(changes_of(present, change.resources, record.cgroup_directories, facts));
  if (!is_unit) TRY(enable_for(present, change.resources, record.cgroup_directories, facts));

  // What can be refused without touching anything has been. The shares are one group that cannot be taken back, so they
  // come first.
  TRY(cgroup::set_schemata(change.schemata, record.id, members(record)));
  // systemd writes what it knows of, in its way: the files have the last word.
  const auto tell_systemd = [&]() -> Result<> {
    if (!is_unit) return {};
    TRY(update_unit(record, wanted, facts));
    return cgroup::apply(changes);
  };
  TRY(cgroup::apply(changes, tell_systemd));
  if (wanted == present) return {};
  return kernel::replace_file(root.config(record.id), TRY(spec::replace_resources(bundle.text, wanted)), 0600);
}

}  // namespace caisson::runtime
