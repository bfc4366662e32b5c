// A further process in a running container.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/log.h"
#include "runtime/launch.h"
#include "runtime/state.h"
#include "spec/json.h"

namespace caisson::runtime {

struct ExecOptions {
  std::string process_file;                        ///< a process as JSON; empty: the container's own, changed
  std::function<Result<>(spec::Process&)> change;  ///< what the command line says of it
  std::string pid_file;
  std::string console_socket;
  std::string pidfd_socket;
  std::uint32_t preserve_fds = 0;
  bool detaches = false;
  bool ignore_paused = false;
  std::vector<std::string> cgroups;  ///< cgroups below the container's, as cgroup::sub_cgroups() reads them
  spec::Strictness strictness = spec::Strictness::kLenient;
};

struct Executed {
  pid_t pid = 0;
  Fd pidfd;
  Fd terminal;  ///< its master, where there is a terminal and no console socket
};

/// Starts a process in `container` with this process's standard streams. Errors as runc words them: "cannot exec in a
/// stopped container", "cannot exec in a paused container (use --ignore-paused to override)".
std::expected<Executed, LaunchError> exec(const StateRoot& root, const Container& container, const ExecOptions& options,
                                          const Log& log);

}  // namespace caisson::runtime
