// criu(8), where it is installed.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace caisson::runtime {

/// Where the program is; an error that says how to get it.
Result<std::string> find_criu();

/// One run of it.
struct CriuRun {
  std::vector<std::string> arguments;  ///< criu_dump_arguments(), criu_restore_arguments()
  std::string log;                     ///< the path of the log that they name
  std::vector<std::string> cgroups;    ///< directories of those that it is in meanwhile
  std::string rootfs;  ///< is mounted, for it alone, …
  std::string root;    ///< … at this directory; empty: nothing is
  std::vector<int> descriptors;  ///< that stay open in it
  int status_fd = -1;            ///< of the caller's; closed here once criu has it
  bool keeps_input = false;      ///< it has this process's standard input, whose terminal is a job's
};

/// Runs it to its end. Error: what it last complained of in its log, or else on its standard error.
Result<> run_criu(const CriuRun& run);

}  // namespace caisson::runtime
