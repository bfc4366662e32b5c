#include <signal.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "cli/command.h"

int main(int argc, char** argv) {
  ::signal(SIGCHLD, SIG_DFL);  // ignored by a caller, children's ends would be nobody's
  ::umask(0022);  // directories of cgroups and of the store have the modes that are meant, whatever the caller's mask
  return caisson::cli::run_command_line(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
}
