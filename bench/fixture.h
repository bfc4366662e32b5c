// What the contenders are given to work with, and what of it must be gone afterwards.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "runner.h"

namespace caisson::bench {

struct Fixture {
  std::filesystem::path directory;                  ///< temporary, removed at the end
  std::filesystem::path state;                      ///< the same in memory (/dev/shm): for what runtimes write
  std::filesystem::path rootfs;                     ///< a static busybox and its links
  std::filesystem::path tarball;                    ///< of it
  std::chrono::steady_clock::time_point packed_at;  ///< when that was
  std::filesystem::path build;                      ///< the build directory with bin/caisson and bench/floor
  std::string id;  ///< a name for containers and cgroups that nothing else on the host has
  Runner runner;
};

/// Makes temporary directories with the root filesystem in them. Errors: busybox-static missing, no space.
Result<Fixture> make_fixture(std::filesystem::path build);

/// Removes everything whose name or place is the fixture's own: mounts, processes and cgroups that a runtime which was
/// ended has left behind, and the directories.
void remove_fixture(const Fixture& fixture);

/// Ends the processes of the cgroups that are called `name`, one in the root of each hierarchy, and removes those.
void remove_cgroups(const std::string& name);

/// Waits for those of the children that have ended: processes whose parents were runtimes.
void reap_orphans();

/// The path of a program that is installed, or of one below the build directory. Errors: it is not there.
Result<std::string> find_program(std::string_view name);
Result<std::string> find_built(const Fixture& fixture, std::string_view program);

/// Writes into `rootfs` what containers of the comparison need.
Result<> fill_rootfs(const std::filesystem::path& rootfs);

}  // namespace caisson::bench
