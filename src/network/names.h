// Names of containers, answered by aardvark-dns(1): one for all networks, there as long as one of them has a container.
#pragma once

#include "base/result.h"
#include "network/networks.h"

namespace caisson::network {

/// Writes what is answered of the network now, and has the server read it; the first container starts it, the last one
/// lets it go. The caller holds the network's lock. Errors: aardvark-dns is not installed.
Result<> write_names(const Store& store, const NetworkRecord& network, const std::vector<Lease>& leases);

/// The network is gone.
Result<> forget_names(const Store& store, const NetworkRecord& network);

}  // namespace caisson::network
