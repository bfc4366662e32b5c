// criu(8), where it is installed.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "runtime/criu_barrier.h"

namespace caisson::runtime {

/// Where the program is; an error that says how to get it.
Result<std::string> find_criu();

/// One run of it.
struct CriuRun {
  std::vector<std::string> arguments;  ///< criu_dump_arguments(), criu_restore_arguments()
  std::string log;                     ///< the path of the log that they name
  std::vector<std::string> cgroups;    ///< directories of those that it is in meanwhile
  std::string rootfs;                  ///< is mounted, for it alone, …
  std::string root;                    ///< … at this directory; empty: nothing is
  std::vector<int> descriptors;        ///< that stay open in it
  int status_fd = -1;                  ///< of the caller's; closed here once criu has it
  bool keeps_input = false;            ///< it has this process's standard input, whose terminal is a job's
  bool stops_at_namespaces = false;    ///< CriuProcess::run() is to do something when it has made them
};

/// A run whose process is there already, and waits to become criu: until then its cgroup can be made around it.
class CriuProcess {
 public:
  static Result<CriuProcess> begin(CriuRun run);
  CriuProcess(CriuProcess&&) = default;
  CriuProcess& operator=(CriuProcess&&) = delete;
  ~CriuProcess();  // which ends it, if it has not been run

  pid_t pid() const { return pid_; }

  /// Lets it run to its end. `at_namespaces` is called with the pid of the first process as soon as that has its
  /// namespaces, and nothing in them yet; its error ends the run. Error: that one; or what criu last complained of in
  /// its log, or else on its standard error.
  Result<> run(const std::function<Result<>(pid_t)>& at_namespaces = {});

 private:
  CriuProcess(CriuRun run, pid_t pid, Fd output, Fd go, std::optional<CriuBarrier> barrier)
      : run_(std::move(run)), pid_(pid), output_(std::move(output)), go_(std::move(go)), barrier_(std::move(barrier)) {}

  CriuRun run_;
  pid_t pid_;
  Fd output_;
  Fd go_;  ///< a byte into it lets the process go on; without one it ends with this end
  std::optional<CriuBarrier> barrier_;
};

}  // namespace caisson::runtime
