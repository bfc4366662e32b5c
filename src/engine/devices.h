// Device nodes of the host, and the ownership of trees that are given to a container.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/surroundings.h"

namespace caisson::engine {

/// The device at `path`, or all devices below it if it is a directory. Errors: there is none.
Result<std::vector<HostDevice>> devices_at(const std::string& path);

/// Looks up the block devices that limits name, into `surroundings.limited_devices`. Errors: there is none there.
Result<> resolve_limited_devices(const RunOptions& options, Surroundings& surroundings);

/// Every device below /dev that a container may be given: all but terminals' own (/dev/pts, /dev/console), shared
/// memory and links.
Result<std::vector<HostDevice>> all_devices();

/// Gives a tree to a user, without following links (lchown(2)).
Result<> give_tree(const std::string& path, std::uint32_t uid, std::uint32_t gid);

}  // namespace caisson::engine
