// What files take on the disk.
#pragma once

#include <cstdint>
#include <string>

namespace caisson::kernel {

/// The blocks of a file, or of a directory and all that is below it, in bytes: as `du -s --block-size=1` counts them,
/// what has several names once. No link is followed. What cannot be looked at, or goes meanwhile, counts nothing.
std::int64_t bytes_on_disk(const std::string& path);

}  // namespace caisson::kernel
