// Devices, addresses and routes as requests of rtnetlink(7). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "network/address.h"
#include "network/message.h"

namespace caisson::network {

using Mac = std::array<std::uint8_t, 6>;

/// A pair of devices: the host's end at a bridge (0: at none), the other one in the network namespace of an open file.
struct VethPair {
  std::string host_name;
  std::string name;
  int network_namespace = -1;
  int bridge = 0;
  Mac mac{};
  std::uint32_t mtu = 0;  ///< 0: the kernel's choice
};
void add_veth(Batch& batch, const VethPair& pair);

/// A device that shares the host's device `parent`. `type`: "macvlan" or "ipvlan"; `mode`: the kernel's number.
struct SharedDevice {
  std::string type;
  std::string name;
  int parent = 0;
  int network_namespace = -1;
  std::uint32_t mode = 0;
  Mac mac{};  ///< of a macvlan
  std::uint32_t mtu = 0;
};
void add_shared(Batch& batch, const SharedDevice& device);

void add_bridge(Batch& batch, std::string_view name, std::uint32_t mtu, const Mac& mac);
void delete_device(Batch& batch, std::string_view name);
void delete_device(Batch& batch, int index);

/// What comes in by a bridge's port may go out by it again: for a container that asks for itself by the host's address.
void set_hairpin(Batch& batch, std::string_view name);

/// The kernel makes up no addresses for it (IFLA_INET6_ADDR_GEN_MODE): nobody speaks on it but who was given one.
void set_no_own_addresses(Batch& batch, std::string_view name);

void set_up(Batch& batch, std::string_view name);

/// The address of device `index`, usable at once (IFA_F_NODAD).
void add_address(Batch& batch, int index, const Address& address, int prefix);

/// `to` by `gateway`, out of device `index`; the default route where the prefix is 0, in the place of another.
void add_route(Batch& batch, int index, const Subnet& to, const Address& gateway, std::uint32_t metric);

/// The host's end of a container's `number`-th network: "cs", eleven digits of its id, one letter or digit.
std::string host_device_name(std::string_view container_id, unsigned number);
bool is_host_device_name(std::string_view name);
/// That of a container's device which has no host's end, made the same way from its id. Locally administered.
Mac made_mac(std::string_view container_id, unsigned number);
inline constexpr unsigned kMostNetworks = 36;

}  // namespace caisson::network
