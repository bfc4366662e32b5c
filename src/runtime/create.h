// From a bundle to a container: created, or already running.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/log.h"
#include "host/facts.h"
#include "kernel/network_ahead.h"
#include "plan/build.h"
#include "runtime/bundle.h"
#include "runtime/launch.h"
#include "runtime/notify.h"
#include "runtime/settle.h"
#include "runtime/state.h"

namespace caisson::runtime {

/// Whether the program is executed at once, or when another command says so (start.h).
enum class Begin { kAtOnce, kWhenStarted };

struct CreateOptions {
  std::string id;
  std::string bundle = ".";
  std::string config_file;     ///< instead of the bundle's config.json; empty: that
  std::string pid_file;        ///< gets the pid, without a newline; empty: none
  std::string console_socket;  ///< gets the master of the container's terminal; empty: none
  std::string pidfd_socket;    ///< gets a pidfd of its process; empty: none
  std::uint32_t preserve_fds = 0;
  Choices choices;
  bool makes_cgroup = true;  ///< not: it stays in the caller's, where nothing limits it
  Begin begin = Begin::kWhenStarted;
  bool serves_terminal = false;  ///< the caller takes care of the container's terminal itself
  spec::Strictness strictness = spec::Strictness::kLenient;
  Times times = Times::kNo;
};

/// What a container is made of, before anything is made: for create(), and to explain it. What takes the kernel long is
/// begun in `network_ahead` as soon as it is known to be wanted.
struct Designed {
  Bundle bundle;
  HostFacts facts;
  plan::Request request;
  plan::Plan plan;
};
Result<Designed> design(const StateRoot& root, const CreateOptions& options, const Log& log,
                        kernel::NetworkAhead* network_ahead = nullptr);

/// A container whose process is there.
struct Created {
  Record record;
  Fd pidfd;
  Fd terminal;                        ///< its master, where there is a terminal and no console socket
  std::optional<NotifyProxy> notify;  ///< of one that runs, where the caller's service manager wants to hear of it
  Designed designed;
  std::vector<execute::StepTime> times;
};

/// Creates the container `options.id` below `root`, with this process's standard streams; with Begin::kAtOnce its
/// program runs, and its poststart hooks have run. On failure nothing is left on the host, and its poststop hooks have
/// run if other hooks had. Errors as runc words them: "container with given ID already exists".
std::expected<Created, LaunchError> create(const StateRoot& root, const CreateOptions& options, const Log& log);

/// The same of a container that was created before, for what is told or done later: without a plan.
Result<Designed> design_again(const StateRoot& root, const Record& record);

/// An error that is no launch's, with an OCI runtime's exit status.
LaunchError refusal(const Error& error);

}  // namespace caisson::runtime
