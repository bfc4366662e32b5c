// Where systemd puts a container: the scope and the slice that linux.cgroupsPath asks for. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "host/facts.h"

namespace caisson::cgroup {

/// A unit for the processes of one container (systemd.scope(5)), and where its cgroup is.
struct Scope {
  std::string slice;  ///< the unit above it: "machine.slice"
  std::string unit;   ///< its own name: "libpod-ID.scope"
  std::string path;   ///< of its cgroup, below the one of `systemd`: "/machine.slice/libpod-ID.scope"
};

/// The scope of "SLICE:PREFIX:NAME", as runc reads it: PREFIX-NAME.scope, or NAME.scope where the prefix is empty;
/// without a slice system.slice, or a user's user.slice. An empty path is "::ID" with the prefix `own_prefix`.
/// Errors, each of linux.cgroupsPath: not three parts; what cannot be the name of a unit or of a slice
/// (systemd.unit(5)).
Result<Scope> scope(std::string_view cgroups_path, std::string_view own_prefix, std::string_view id,
                    const Systemd& systemd);

/// The cgroup of a slice: "a-b.slice" is in that of "a.slice" (systemd.slice(5)), "-.slice" is the top, "".
/// Error: it cannot be the name of a slice.
Result<std::string> slice_path(std::string_view slice);

/// `facts` as they are for cgroups that `facts.systemd` makes: below its own, where it lets them be written to.
/// `controllers`: the content of that cgroup's cgroup.controllers (v2).
HostFacts below_systemd(HostFacts facts, std::string_view controllers);

}  // namespace caisson::cgroup
