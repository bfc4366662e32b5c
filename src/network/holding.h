// What a running container holds of its networks: RUNROOT/containers/ID/network.json. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "network/address.h"
#include "network/link_messages.h"
#include "network/port.h"

namespace caisson::network {

struct HeldAddress {
  Address address;
  int prefix = 0;
  std::optional<Address> gateway;
  bool operator==(const HeldAddress&) const = default;
};

/// One network that it is on.
struct Attachment {
  std::string network;
  std::string network_id;
  unsigned number = 0;      ///< of its device on the host: host_device_name()
  std::string interface;    ///< inside
  std::string host_device;  ///< of a bridge; empty: it has none
  Mac mac{};
  std::vector<HeldAddress> addresses;  ///< of IPv4 first
  std::vector<std::string> aliases;
  bool internal = false;
  bool operator==(const Attachment&) const = default;
};

/// A published port, and where each family's packets go; by a helper's own sockets where there are none.
struct HeldPort {
  Published port;
  std::vector<Address> containers;
  bool operator==(const HeldPort&) const = default;
};

struct Holding {
  std::vector<Attachment> attachments;
  std::vector<HeldPort> ports;
  std::vector<HeldPort> closed;  ///< ports that lead nowhere since it has left the network that they led into
  std::string helper;            ///< "pasta" or "slirp4netns": who carries an ordinary user's packets
  int helper_pid = 0;
  std::uint64_t helper_start_ticks = 0;
  bool operator==(const Holding&) const = default;
};

std::string to_json(const Holding& holding);
Result<Holding> read_holding(const std::string& json);

}  // namespace caisson::network
