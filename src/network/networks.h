// The networks there are, and their addresses: one record and one lock a network.
//
//   ROOT/networks/NAME.json       the record
//   RUNROOT/networks/lock         held while networks are made and removed
//   RUNROOT/networks/NAME/lock    held while addresses are taken and given back, and its bridge is made
//   RUNROOT/networks/NAME/leases  who has which address (network/lease.h)
//   RUNROOT/networks/NAME/ready   its bridge is there: its number, and the network namespace that it is in
//   RUNROOT/names/NAME            what aardvark-dns answers of it (network/names.h)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "network/lease.h"
#include "network/network_record.h"

namespace caisson::network {

struct Store {
  std::string root;     ///< ROOT/networks
  std::string runroot;  ///< RUNROOT/networks
  std::string names;    ///< RUNROOT/names

  std::string record(const std::string& name) const { return root + "/" + name + ".json"; }
  std::string live(const std::string& name) const { return runroot + "/" + name; }
};

/// The network of that name, or whose id begins so. The default one is made where it is missing. Errors: there is none;
/// several ids begin so.
Result<NetworkRecord> find_network(const Store& store, const std::string& reference);
bool is_no_such_network(const Error& error);

/// All of them, by name; a damaged record is left out and named in `damaged`.
struct NetworkListing {
  std::vector<NetworkRecord> networks;
  std::vector<std::string> damaged;
};
Result<NetworkListing> list_networks(const Store& store);

/// Makes a network of what is filled in of `wishes`: id, moment, device and subnets are chosen where they are missing,
/// so that they are nobody else's on this host. Nothing of it shows until a container needs it. Errors: one of the name
/// is there; a subnet that is used already, by whom is said; no device to share.
Result<NetworkRecord> make_network(const Store& store, NetworkRecord wishes);

/// Removes the record and what shows of the network on the host. Errors: containers have addresses of it.
Result<> remove_network(const Store& store, const NetworkRecord& network);

/// The lock of a network, with the directory that it lies in.
Result<Fd> lock_network(const Store& store, const NetworkRecord& network);

/// Takes addresses for `container` (network/lease.h), and writes down who has them.
Result<Lease> take_lease(const Store& store, const NetworkRecord& network, const std::string& container,
                         const NetworkChoice& choice, Naming naming);

/// Has the network's server answer other names for `container`; one without a lease is fine.
Result<> name_lease(const Store& store, const NetworkRecord& network, const std::string& container, Naming naming);

/// Gives back what `container` has of the network; nothing is fine.
Result<> give_lease_back(const Store& store, const NetworkRecord& network, const std::string& container);

Result<std::vector<Lease>> leases_of(const Store& store, const std::string& network);

}  // namespace caisson::network
