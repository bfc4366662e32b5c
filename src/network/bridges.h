// The bridges of networks, and the table of rules: made when a container first needs them.
#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "network/holding.h"
#include "network/networks.h"

namespace caisson::network {

/// What running containers hold: asked for only where rules have to be made anew.
using Holdings = std::function<std::vector<Holding>()>;

/// Has the network's bridge, addresses and rules in this namespace: the bridge's number. Where the rules are gone
/// (other programs flush them), they are made again, with the ports of `holdings`. Errors: what this host lacks is
/// said: a kernel without bridges or nftables, a caller who may not, a name that is another device's.
Result<int> ensure_bridge(const Store& store, const NetworkRecord& network, const Holdings& holdings);

/// Removes the bridge of a network that nobody is on.
Result<> remove_bridge(const Store& store, const NetworkRecord& network);

/// Makes the table again of all that there is (`network reload`).
Result<> restore_rules(const Store& store, const Holdings& holdings);

/// Adds or removes all of `ports`. A port that is published already: EEXIST.
Result<> publish(const std::vector<HeldPort>& ports);
Result<> withdraw(const std::vector<HeldPort>& ports);

/// All that the table publishes; none where there is no table.
struct PublishedElement {
  Published port;
  Address container;
};
Result<std::vector<PublishedElement>> published();

}  // namespace caisson::network
