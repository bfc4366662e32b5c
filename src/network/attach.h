// A container's network devices.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "network/bridges.h"
#include "network/holding.h"
#include "network/networks.h"

namespace caisson::network {

/// Who is to be on a network.
struct Joining {
  std::string container;  ///< id
  NetworkChoice choice;
  Naming naming;
  unsigned number = 0;        ///< of the networks that it is on: no other of its attachments has it
  std::string interface;      ///< inside
  bool default_route = true;  ///< that the network's gateway is its way out, of each family
};

/// Takes addresses of `network` for a container: what it will hold. Nothing shows in its own namespace yet, where the
/// devices are made by plug(). The bridge is made where it is missing.
Result<Attachment> take_place(const Store& store, const NetworkRecord& network, const Joining& joining,
                              const Holdings& holdings);

/// Makes the devices of `attachment` in the network namespace of an open file, with addresses and routes.
Result<> plug(const NetworkRecord& network, const Attachment& attachment, int network_namespace, bool default_route);

/// Makes it the way out of the namespace, of each family in which it has a gateway.
Result<> lead_out(const Attachment& attachment, int network_namespace);

/// Removes them; where the namespace is gone, they are. `network_namespace` -1: it is gone, or goes now.
Result<> unplug(const Attachment& attachment, int network_namespace);

}  // namespace caisson::network
