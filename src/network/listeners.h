// What processes listen at: the tables of proc_net(5).
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "network/address.h"
#include "network/port.h"

namespace caisson::network {

struct Listener {
  Address address;
  std::uint16_t port = 0;
  Protocol protocol = Protocol::kTcp;
  std::string inode;  ///< the socket's number
  bool operator==(const Listener&) const = default;
};

/// The sockets of /proc/net/tcp or a table like it that wait for others: those of TCP that listen, those of UDP that
/// are bound and connected to nobody. Pure.
std::vector<Listener> read_listeners(std::string_view table, Protocol protocol, Family family);

/// All of the network namespace that process `pid` is in; none if it is gone.
std::vector<Listener> listeners_of(pid_t pid);

/// Of those, what the processes of its cgroup, and of the cgroups below, have open.
std::vector<Listener> listeners_of_cgroup(pid_t pid);

}  // namespace caisson::network
