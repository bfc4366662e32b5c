// Other limits for a container that is there.
#pragma once

#include <string>

#include "base/log.h"
#include "base/result.h"
#include "cgroup/resctrl.h"
#include "runtime/state.h"
#include "spec/config.h"

namespace caisson::runtime {

/// What `update` was asked for.
struct LimitChange {
  spec::Resources resources;  ///< what is given changes, the rest stays
  cgroup::Schemata schemata;
};

/// Changes the limits of a container that is not stopped, and keeps them with its configuration: a later change starts
/// from there. The limits are all changed, or none is. Its devices never are.
///
/// Settings that this host has no file for are warned of (cgroup::drop_unsupported). Errors: "container not running";
/// those of cgroup::update_writes(), cgroup::apply(), cgroup::set_schemata(); with checkBeforeUpdate a memory limit
/// below what is used.
Result<> update(const StateRoot& root, const Container& container, LimitChange change, const Log& log);

/// The same for a cgroup alone, of a container that another keeps the configuration of, and that is no unit of
/// systemd's: changes its limits from `present`, and gives what they are then.
Result<spec::Resources> update_limits(const std::vector<std::string>& cgroup_directories,
                                      const spec::Resources& present, spec::Resources change, const Log& log);

}  // namespace caisson::runtime
