// Who has which address of a network: RUNROOT/networks/NAME/leases, a line each. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
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

/// The leases of a network, as their file has them. What is done for one container looks at no more of the others'
/// lines than it must: there may be thousands. Lines that are none are passed over: the file is caisson's own, in
/// memory.
class Leases {
 public:
  Leases() = default;
  explicit Leases(std::string text) : text_(std::move(text)) {}

  const std::string& text() const { return text_; }
  std::vector<Lease> all() const;

  /// Adds a lease for `container`: of each subnet the address that `choice` asks for, or the lowest that is free.
  /// Errors: an address that another has, who is named, or that lies in no subnet; none is free.
  Result<Lease> take(const NetworkRecord& network, const std::string& container, const NetworkChoice& choice,
                     Naming naming);

  /// Gives `container` other names. False: it has no lease.
  bool rename(std::string_view container, Naming naming);

  /// False: it had none.
  bool give_back(std::string_view container);

 private:
  std::optional<std::pair<std::size_t, std::size_t>> line_of(std::string_view container) const;
  std::vector<Address> taken_in(const NetworkSubnet& subnet) const;
  Error why_not(const Address& address, const NetworkSubnet& subnet) const;

  std::string text_;
};

/// aardvark-dns(1)'s file of a network: its servers' addresses, then a line for each container that has a name.
std::string names_file(const NetworkRecord& network, const std::vector<Lease>& leases);

}  // namespace caisson::network
