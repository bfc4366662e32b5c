// A further process: in a running container (exec), or beside any process of this host (enter).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "engine/places.h"
#include "engine/run.h"
#include "engine/run_options.h"
#include "spec/config.h"

namespace caisson::engine {

struct ExecOptions {
  std::string container;
  std::vector<std::string> command;
  bool interactive = false;
  bool tty = false;
  bool detach = false;
  std::uint32_t preserve_fds = 0;                      ///< descriptors 3 … 2+n of the caller's reach it
  bool privileged = false;                             ///< with all capabilities that the caller has
  std::string detach_keys = RunOptions().detach_keys;  ///< the bytes; empty: no detaching
  std::vector<EnvironmentVariable> env_files;          ///< from --env-file, in order
  std::vector<EnvironmentVariable> env;                ///< wins over the former
  std::string user;                                    ///< empty: the container's
  std::string workdir;                                 ///< empty: the container's
};

/// Runs a command in a running container, with what the container's own process has: environment, user, capabilities,
/// limits. In the foreground its exit status is the result.
RunResult exec(const ExecOptions& options, const Places& places, const Log& log);

struct EnterOptions {
  pid_t pid = 0;
  std::vector<std::string> command;    ///< empty: a shell
  std::set<spec::NamespaceType> only;  ///< empty: all that differ from the caller's, its root and its cgroups
};

/// nsenter(1) made whole: runs a command with the caller's rights in the namespaces, the root and the cgroups of a
/// process.
RunResult enter(const EnterOptions& options, const Log& log);

}  // namespace caisson::engine
