// A container that goes on from the images of a checkpoint.
#pragma once

#include <expected>
#include <string>

#include "base/fd.h"
#include "base/log.h"
#include "runtime/create.h"
#include "runtime/criu_arguments.h"
#include "runtime/launch.h"
#include "runtime/state.h"

namespace caisson::runtime {

struct RestoreOptions {
  CreateOptions create;  ///< id, bundle, pid_file, console_socket, strictness
  CriuRestoreOptions criu;
};

struct Restored {
  Record record;
  Fd terminal;  ///< its master, where there is one and no console socket
};

/// Restores the container `options.create.id` below `root` from a bundle and criu's images: in a cgroup made anew with
/// the limits of the configuration, its first process a child of this one. On failure nothing is left on the host.
/// Errors: those of create(); there are no images; criu is not installed; what it last complained of.
std::expected<Restored, LaunchError> restore(const StateRoot& root, RestoreOptions options, const Log& log);

}  // namespace caisson::runtime
