// Networks of an ordinary user: pasta(1), or slirp4netns(1), carries a container's packets by sockets of its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "network/holding.h"
#include "network/host_ports.h"

namespace caisson::network {

struct UserNetwork {
  std::string program;               ///< "pasta" or "slirp4netns"
  std::vector<std::string> options;  ///< of its own, added to what caisson gives it
  int network_namespace = -1;        ///< the container's
  std::string directory;             ///< RUNROOT/containers/ID: for its socket and pid
};

/// pasta, which copies the host's way out and does not run where there is none, or slirp4netns. Errors: neither can.
Result<std::string> default_user_network();

/// Whether one of the tables of /proc/net/route and /proc/net/ipv6_route has a default route: pure.
bool has_way_out(std::string_view routes, std::string_view ipv6_routes);

/// The ports that `choices` ask for, with those that the kernel finds free; nobody holds them. Errors: as hold_ports().
Result<HostPorts> free_ports(const std::vector<PortChoice>& choices);

/// Starts it, and waits until the container is connected and `ports` lead to it. Errors: the program is not installed;
/// what it says of why it does not run.
Result<Holding> start_user_network(const UserNetwork& wanted, const std::vector<HeldPort>& ports);

/// Ends the one that runs in `directory` (UserNetwork::directory), also where whoever started it was killed before
/// `holding` was written; one that has ended is fine.
Result<> stop_user_network(const Holding& holding, const std::string& directory);

/// What pasta is started with, for the container whose network namespace it sees at the path `network`: pure.
std::vector<std::string> pasta_words(const UserNetwork& wanted, const std::string& network,
                                     const std::vector<HeldPort>& ports);
/// What slirp4netns is started with, that listens to requests on `socket`; `has_users`: the container's user namespace
/// is not the caller's. Pure.
std::vector<std::string> slirp_words(const UserNetwork& wanted, const std::string& socket, bool has_users);
/// One request of slirp4netns's socket.
std::string slirp_request(const HeldPort& port, const std::string& inside);

}  // namespace caisson::network
