// What a configuration leaves open about a container's cgroup, settled on this host.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "host/facts.h"
#include "plan/build.h"
#include "spec/config.h"

namespace caisson::runtime {

/// Whether the caller is root of the host, who makes cgroups and devices: neither root of a user namespace nor root
/// without CAP_SYS_ADMIN, as in most containers.
bool is_root_of_host(const HostFacts& facts);

/// Finds where the cgroup of the container `id` is (cgroup::place_of()) and looks at what is there, for `request`;
/// takes settings out of `config` that this host has no file for, each with a warning, and gives it the device rules
/// that every OCI container has. A container whose cgroupsPath is missing has no cgroup where a caller that is not root
/// of the host may make none. Where systemd makes the cgroup (facts.systemd) it also says where.
///
/// Errors: those of cgroup::place_of() and cgroup::look_into().
Result<> settle_cgroup(spec::Config& config, const std::string& id, HostFacts& facts, plan::Request& request,
                       const Log& log);

/// The same for a container that gets no cgroup, wherever cgroupsPath is: it stays in the caller's. The rules for
/// devices are left out, as there is nothing that could refuse one. Error: a limit, which there would be nothing to
/// hold to.
Result<> settle_without_cgroup(spec::Config& config, HostFacts& facts, plan::Request& request);

/// The same for a container that has the cgroups `directories` already: without a look at them, or a word.
void settle_again(spec::Config& config, const std::vector<std::string>& directories, const HostFacts& facts,
                  plan::Request& request);

}  // namespace caisson::runtime
