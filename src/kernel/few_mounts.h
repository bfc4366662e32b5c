// A mount namespace with few mounts. To make a container's mount namespace the kernel copies every mount of the one
// that its first process is born in: on a host with 2,000 that takes longer than all else of a container's start
// together.
#pragma once

#include <cstddef>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace caisson::kernel {

/// Whether this process sees more mounts than `count` (listmount(2), Linux 6.8; before, by as much of
/// /proc/self/mountinfo as it takes).
bool has_more_mounts_than(std::size_t count);

/// A namespace that has an empty, read-only root, and in it the caller's /proc, /sys and /dev without what is mounted
/// below them: as a descriptor for setns(2). It is made when it is first asked for, and stays, bound to the file
/// `directory`/namespace (namespaces(7)), until that is unmounted; `directory` becomes a mount of its own, which tells
/// no other. Needs CAP_SYS_ADMIN. The caller must be single-threaded.
Result<Fd> few_mounts(const std::string& directory);

}  // namespace caisson::kernel
