// What of the host is changed for the sake of a comparison: never the host itself, but mount namespaces.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/fd.h"
#include "base/result.h"

namespace caisson::bench {

/// A mount namespace in which crun works, and podman with it: without the v2 hierarchy that a hybrid host mounts beside
/// the v1 ones. crun refuses such a host.
Result<std::shared_ptr<const Fd>> namespace_for_crun();

/// Gives this process, and so everybody that it starts, a mount namespace of its own with `count` mounts more: binds
/// of a directory of a tmpfs that is mounted on `directory`. They go with the last of its processes.
Result<> add_mounts(std::uint64_t count, const std::filesystem::path& directory);

}  // namespace caisson::bench
