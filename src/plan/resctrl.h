// The group of the resctrl file system that a container's processes are in (runtime-spec config-linux.md, "IntelRdt").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/builder.h"
#include "spec/config.h"

namespace caisson::plan {

/// The steps that put the process in slot `pid` there; none without linux.intelRdt. Errors: the file system is not
/// mounted, or the container has neither a closID nor an id.
Result<> join_resctrl(const spec::Config& config, Builder& builder, Slot pid);

/// The directories that a container of this configuration leaves there, in the order in which they are removed when it
/// is deleted: those with the container's id as their name, never one that a closID names. `mounted_at`:
/// HostFacts::resctrl.
std::vector<std::string> resctrl_leftovers(const spec::Config& config, std::string_view id,
                                           const std::string& mounted_at);

}  // namespace caisson::plan
