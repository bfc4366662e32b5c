// Who is compared: a table with a row for each program that starts a container, or a process.
#pragma once

#include <chrono>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sample.h"

namespace caisson::bench {

/// What the contenders are given to work with.
struct Fixture {
  std::filesystem::path directory;                  ///< temporary, removed at the end
  std::filesystem::path rootfs;                     ///< in it: a static busybox and its links
  std::filesystem::path tarball;                    ///< of it
  std::chrono::steady_clock::time_point packed_at;  ///< when that was
  std::filesystem::path build;                      ///< the build directory with bin/caisson and bench/floor
  std::string id;  ///< a name for containers and cgroups that nothing else on the host has
};

/// One row. To add a contender, or the same one with other options, add a row.
struct Contender {
  std::string_view name;
  std::string_view what;  ///< for --list
  /// Makes what the run needs below the fixture's directory. An error says why the contender is left out.
  Result<Launch> (*prepare)(const Fixture&);
  /// Removes what a failed or interrupted run may have left outside it; null if nothing can be left.
  void (*clean)(const Fixture&, const Launch&);
};

std::span<const Contender> contenders();

/// Makes a temporary directory with the root filesystem in it. Errors: busybox-static missing, no space.
Result<Fixture> make_fixture(std::filesystem::path build);

}  // namespace caisson::bench
