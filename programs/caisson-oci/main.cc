#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "oci/command.h"

int main(int argc, char** argv) {
  // A standard stream that is closed would be taken by the next descriptor that is opened.
  for (const int standard : {0, 1, 2}) {
    if (::fcntl(standard, F_GETFD) >= 0) continue;
    if (::open("/dev/null", O_RDWR) == standard) continue;  // NOLINT(android-cloexec-open): it is to be inherited
    constexpr std::string_view kWords =
        "caisson-oci: error: a standard stream is closed, and /dev/null cannot be opened\n";
    (void)!::write(2, kWords.data(), kWords.size());
    return caisson::oci::kFailed;
  }
  ::signal(SIGCHLD, SIG_DFL);  // ignored by a caller, children's ends would be nobody's
  ::umask(0022);  // directories of cgroups and of the store have the modes that are meant, whatever the caller's mask
  return argc > 0 ? caisson::oci::run_command_line(argv) : caisson::oci::kFailed;
}
