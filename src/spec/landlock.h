// Bounds of what a container's processes may do with files, asked for by annotations (landlock(7)):
//
//     "caisson.landlock.read":    "/etc:/usr/share"    files may be read there, and directories listed
//     "caisson.landlock.execute": "/bin:/usr:/lib"     … and executed
//     "caisson.landlock.write":   "/tmp:/var/lib/x"    files may be written, made, renamed and removed there
//
// The values are absolute paths of the container's, separated by colons, each with everything below it; a path that is
// in several gets the rights of all. With any of these annotations everything that is not listed is forbidden, whoever
// the user is and whatever its capabilities are. It holds for the program and all that it starts, for further processes
// too, and cannot be taken off. Mounting is forbidden altogether. Stricter than permissions, it does not replace them.
//
// The kernel has to have Landlock (Linux 5.13, switched on by lsm=landlock,…): otherwise the container is not started.
// Truncation is bounded since Linux 6.2, moves between directories are forbidden before 5.19, ioctl(2) of devices is
// bounded since 6.10.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "spec/problem.h"

namespace caisson::spec {

/// LANDLOCK_ACCESS_FS_… bits: also those that the headers of Linux 6.1 do not have.
inline constexpr std::uint32_t kLandlockExecute = 1U << 0 | 1U << 2 | 1U << 3;  // opening it to execute is reading, too
inline constexpr std::uint32_t kLandlockRead = 1U << 2 | 1U << 3;
inline constexpr std::uint32_t kLandlockWrite = 1U << 1 | 0x1ff0U | 1U << 13 | 1U << 14 | 1U << 15;

struct LandlockRule {
  std::string path;
  std::uint32_t rights = 0;
  bool operator==(const LandlockRule&) const = default;
};

/// The rules that the annotations ask for, in the order of their paths; nothing if they ask for none. What is wrong
/// with them goes to `findings`, if that is there.
std::optional<std::vector<LandlockRule>> read_landlock(const std::map<std::string, std::string>& annotations,
                                                       Findings* findings = nullptr);

}  // namespace caisson::spec
