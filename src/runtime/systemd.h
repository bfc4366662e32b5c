// Containers whose cgroups systemd makes: what is asked of it beside the plan's own step, by the program that talks to
// it (libexec/caisson/systemd).
#pragma once

#include <string>

#include "base/result.h"
#include "host/facts.h"
#include "runtime/state.h"
#include "spec/config.h"

namespace caisson::runtime {

/// The program that belongs to `own_program`, this one's path.
std::string systemd_program(const std::string& own_program);

/// Asks which systemd makes this process's units, and has `facts` tell of it: cgroups are made where its units are.
/// Errors: it cannot be talked to, with what is missing in the hint.
Result<> use_systemd(const std::string& program, HostFacts& facts);

/// Stops the container's unit, if it has one: nothing of it is left. Its processes have been killed.
Result<> stop_unit(const Record& record);

/// Has the container's unit be limited as `resources` say from now on, without its devices; what is not set in them
/// stays. `facts` are those of use_systemd(). systemd writes to the files of the cgroup what it knows of; the rest is
/// somebody else's. Errors: those of cgroup::resource_properties(), and systemd's.
Result<> update_unit(const Record& record, const spec::Resources& resources, const HostFacts& facts);

}  // namespace caisson::runtime
