// The host's side of published ports: nobody else gets them as long as a container has them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "network/holding.h"

namespace caisson::network {

/// Sockets that are bound to published ports and hear nothing: what comes in goes to the container by the rules. As
/// long as they are open, other programs are told that the port is taken.
struct HostPorts {
  std::vector<HeldPort> ports;
  std::vector<Fd> sockets;
};

/// Binds the ports that `choices` ask for, and chooses those that are free where none is named. `containers`: where the
/// packets of each family go. Errors: a port that is taken, and by which process, where that can be found; an address
/// that no interface has; a protocol that this kernel has not.
Result<HostPorts> hold_ports(const std::vector<PortChoice>& choices, const std::vector<Address>& containers);

/// The addresses of a container that packets to `host_address` go to: those of its family; all where there is none.
std::vector<Address> targets_of(const std::optional<Address>& host_address, const std::vector<Address>& containers);

/// Whether the error says that `port` is taken: who has it may be known to others too.
bool is_taken(const Error& error);

}  // namespace caisson::network
