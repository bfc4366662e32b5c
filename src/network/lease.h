// Who has which address of a network: RUNROOT/networks/NAME/leases, a line each. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "network/address.h"
#include "network/choice.h"
#include "network/network_record.h"

namespace caisson::network {

/// What a network's name server is told of a container.
struct Naming {
  std::vector<std::string> names;    ///< that it is asked for by: its own, its aliases
  std::vector<std::string> servers;  ///< that answer it what no container is called; none: the host's
  bool operator==(const Naming&) const = default;
};

struct Lease {
  std::string container;  ///< id
  std::vector<Address> addresses;
  Naming naming;
  bool operator==(const Lease&) const = default;
};

std::string to_text(const std::vector<Lease>& leases);
/// Lines that are none are left out: the file is caisson's own, in memory.
std::vector<Lease> read_leases(std::string_view text);

/// Adds a lease for `container`: of each subnet the address that `choice` asks for, or the lowest that is free. Errors:
/// an address that another has, who is named, or that lies in no subnet; none is free.
Result<Lease> take_addresses(const NetworkRecord& network, std::vector<Lease>& leases, const std::string& container,
                             const NetworkChoice& choice, Naming naming);

/// False: it had none.
bool give_back(std::vector<Lease>& leases, std::string_view container);

/// aardvark-dns(1)'s file of a network: its servers' addresses, then a line for each container that has a name.
std::string names_file(const NetworkRecord& network, const std::vector<Lease>& leases);

}  // namespace caisson::network
