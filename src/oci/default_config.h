// The configuration that `spec` writes.
#pragma once

#include "host/facts.h"
#include "spec/config.h"

namespace caisson::oci {

/// A shell on a terminal in ./rootfs, with the namespaces, mounts, masks and capabilities that runtimes start from; a
/// cgroup namespace is one of them on v2, as with runc.
spec::Config default_config(CgroupMode mode);

/// The same for an ordinary user: root inside is that user, and what only the host's root may have is left out.
spec::Config rootless_config(std::uint32_t uid, std::uint32_t gid, CgroupMode mode);

}  // namespace caisson::oci
