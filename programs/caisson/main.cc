#include <signal.h>
#include <sys/stat.h>

#include "cli/command.h"

int main(int argc, char** argv) {
  ::signal(SIGCHLD, SIG_DFL);  // ignored by a caller, children's ends would be nobody's
  ::umask(0022);  // directories of cgroups and of the store have the modes that are meant, whatever the caller's mask
  return argc > 0 ? caisson::cli::run_command_line(argv) : caisson::cli::kRefused;
}
