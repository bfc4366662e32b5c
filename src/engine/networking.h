// Containers on their networks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/log.h"
#include "base/result.h"
#include "engine/containers.h"
#include "engine/places.h"
#include "engine/record.h"
#include "engine/run_options.h"
#include "network/holding.h"
#include "network/networks.h"

namespace caisson::engine {

network::Store network_store(const Places& places);

/// What the options ask for, with the networks' records. Errors: a network that there is not; what contradicts itself,
/// or cannot be: ports into networks that nothing leads into, an address for two networks.
struct ChosenNetworks {
  NetworkWishes wishes;
  std::vector<network::NetworkRecord> networks;  ///< one for each of the wishes'
  std::vector<std::string> warnings;             ///< of what is left out
};
Result<ChosenNetworks> choose_networks(const RunOptions& options, bool is_ordinary_user, const Places& places);

/// What connect_networks() will do for the container, a line each, in order; none without networks.
Result<std::vector<std::string>> network_words(const Places& places, const Record& record);

/// The servers that answer names of these networks' containers.
std::vector<std::string> name_servers(const std::vector<network::NetworkRecord>& networks);

/// A container that is being started, on its networks.
struct Connection {
  network::Holding holding;
  std::vector<Fd> host_ports;  ///< bound for as long as it runs: whoever keeps it holds them
};

/// Has a container's new network namespace, a descriptor, on the networks that its record names, and its ports
/// published: in RUNROOT/containers/ID/network.json stands what it holds. Errors: those of the networks; a port that is
/// taken, with the container or process that has it. What was done is taken back then.
Result<Connection> connect_networks(const Places& places, const Record& record, int network_namespace);

/// Takes back all of that, whoever did it and however far; nothing is fine.
Result<> disconnect_networks(const Places& places, const Record& record);

/// What a container holds at this moment; nothing: it is on no network.
std::optional<network::Holding> holding_of(const Places& places, const std::string& id);
/// Those of all containers that run.
std::vector<network::Holding> all_holdings(const Places& places);

/// Whether it has a network namespace of its own, which is put on networks.
bool may_join_networks(const Record& record);

/// The networks that it is on by now, by name; or "host", "none" and so on alone.
std::vector<std::string> networks_of(const Record& record);

/// /etc/hosts with the container's own addresses on the line of its own names, in the place of 127.0.0.1.
std::string hosts_with_addresses(std::string_view hosts, const network::Holding& holding);
/// The same file once the container holds `now` and no longer `before`: all else in it stays.
std::string hosts_after(std::string_view hosts, const network::Holding& before, const network::Holding& now);

/// One more network for a container that is there, now if it runs and with each start. `choice.network` is its whole
/// name.
Result<> join_network(const Places& places, const Container& container, const network::NetworkRecord& network,
                      network::NetworkChoice choice);
/// One less. Errors: it is not on it.
Result<> leave_network(const Places& places, const Container& container, const network::NetworkRecord& network);

/// Has a running container found by the name that its record has now.
Result<> rename_in_networks(const Places& places, const Record& record);

/// The names of the containers whose records name the network.
Result<std::vector<std::string>> network_users(const Places& places, const std::string& network);

}  // namespace caisson::engine
