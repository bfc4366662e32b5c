// The grammar of --network (docker-run(1), podman-run(1)). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "network/address.h"

namespace caisson::network {

/// One network that a container is to be on.
struct NetworkChoice {
  std::string network;  ///< its name, or the start of its id
  std::optional<Address> ipv4;
  std::optional<Address> ipv6;
  std::optional<std::array<std::uint8_t, 6>> mac;
  std::string interface;  ///< "eth0"; empty: the first that is free
  std::vector<std::string> aliases;
  std::string typed;
  bool operator==(const NetworkChoice&) const = default;
};

/// [a-zA-Z0-9][a-zA-Z0-9_.-]*, 128 bytes at most, and none of the words that --network has a meaning for.
bool is_network_name(std::string_view name);

/// A name for a device (of the kernel): 15 bytes at most, no blank and no slash.
bool is_device_name(std::string_view name);

/// A name that others may ask for: letters, digits, `-`, `_` and `.`, 63 bytes at most.
bool is_alias(std::string_view name);

/// "NAME[:ip=ADDRESS,ip6=ADDRESS,mac=ADDRESS,alias=NAME,interface_name=NAME]"; docker's "name=NAME,alias=…" too.
Result<NetworkChoice> read_network_choice(std::string_view text);

/// As read_network_choice() takes it.
std::string to_text(const NetworkChoice& choice);

}  // namespace caisson::network
