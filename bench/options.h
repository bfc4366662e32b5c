// The command line of bench/compare.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contender.h"

namespace caisson::bench {

constexpr std::string_view kHelp =
    R"(usage: compare [OPTION]...

Runs `true` in a container by each contender that is installed, one after the other, again and again, and prints how
long a whole run took (in milliseconds, from before the fork until it was reaped) and its ratio to the floor; and how
many times as long crun and runc take. A root filesystem is made of /bin/busybox (Debian's busybox-static) in a
temporary directory; runtimes keep their state in memory. Needs root.

  --do WHAT         run, create, exec, many or memory (run; --list tells them)
  --bundle WHICH    default, or seccomp: with podman's default profile (default)
  --at-once N       how many containers `--do many` runs (50)
  --mounts N        with N mounts more on the host, in a mount namespace of this program's
  --containers N    with N other containers that run: caisson-oci's, or the first runtime's that takes part
  -n, --rounds N    measured turns of each contender (200)
  --warm-up N       turns of each before that are not measured (5)
  --only A,B,...    only these contenders (--list names them)
  --json FILE       write everything, with all samples, to FILE as well
  --build DIR       where bin/caisson and bench/floor are (the directory above this program's)
  --make-bundle DIR make the bundle in DIR and exit: to try by hand what is measured
  --list            print the contenders, and what they can be asked to do, and exit
  --help            print this and exit

Exit status: 0; 1 if a run failed; 2 if the command line is wrong; 128 + the signal that ended it.
)";

struct Options {
  Work work = {};
  std::uint64_t mounts = 0;
  std::uint64_t containers = 0;
  std::uint64_t rounds = 200;
  std::uint64_t warm_up = 5;
  std::vector<const Contender*> chosen = {};
  std::string json_file = {};
  std::filesystem::path build = {};
  std::filesystem::path bundle = {};  ///< to be made; empty: compare
  bool wants_help = false;
  bool wants_list = false;
};

/// Errors: an option that is unknown or has no value, a value that is none.
Result<Options> parse_options(std::span<char*> arguments);

}  // namespace caisson::bench
