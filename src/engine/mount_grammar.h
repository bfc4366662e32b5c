// How --volume, --mount, --tmpfs and --device are written (docker-run(1), podman-run(1)). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/run_options.h"

namespace caisson::engine {

/// "[SOURCE:]DESTINATION[:OPTION,…]" of --volume.
///
/// A source that starts with a dot or has a slash in it is a path; any other word names a volume; none at all asks for
/// one of the container's own. Errors: a word that can be no volume's name, a destination that is relative or "/", an
/// unknown option, two that exclude each other.
Result<MountChoice> read_volume(std::string_view text);

/// "type=volume|bind|tmpfs|image,source=…,destination=…[,KEY[=VALUE]…]" of --mount; without a type it is a volume. A
/// field in double quotes may hold commas (RFC 4180).
Result<MountChoice> read_mount(std::string_view text);

/// "DESTINATION[:OPTION,…]" of --tmpfs.
Result<MountChoice> read_tmpfs(std::string_view text);

/// "CONTAINER[:ro|rw|z,…]" of --volumes-from.
Result<VolumesFrom> read_volumes_from(std::string_view text);

/// "SOURCE[:DESTINATION[:ACCESS]]" of --device, or "SOURCE:ACCESS"; ACCESS is made of "rwm".
Result<DeviceChoice> read_device(std::string_view text);

/// `path` without ".", "..", doubled and trailing slashes, by its text alone; it is absolute if `path` is.
std::string clean_path(std::string_view path);

}  // namespace caisson::engine
