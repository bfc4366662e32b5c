// What is kept about a network: ROOT/networks/NAME.json. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "network/address.h"

namespace caisson::network {

/// The network that containers of root are on where none is asked for; made when first needed.
inline constexpr std::string_view kDefaultNetwork = "bridge";
inline constexpr std::string_view kDefaultDevice = "caisson0";

enum class Driver : std::uint8_t { kBridge, kMacvlan, kIpvlan };
std::string_view driver_name(Driver driver);
std::optional<Driver> read_driver(std::string_view text);

struct NetworkSubnet {
  Subnet subnet;
  std::optional<Address> gateway;  ///< absent: none is handed out
  std::optional<Subnet> range;     ///< that addresses are taken from; absent: the whole subnet
  bool operator==(const NetworkSubnet&) const = default;
};

struct NetworkRecord {
  std::string name;
  std::string id;  ///< 64 hexadecimal digits
  std::int64_t created_ns = 0;
  Driver driver = Driver::kBridge;
  std::string device;                  ///< the bridge, or the device that is shared
  std::vector<NetworkSubnet> subnets;  ///< of IPv4 first
  bool internal = false;
  bool ipv6 = false;
  bool dns = true;                             ///< names of its containers are answered
  std::map<std::string, std::string> options;  ///< as they were given, checked
  std::map<std::string, std::string> labels;
  bool operator==(const NetworkRecord&) const = default;
};

std::string to_json(const NetworkRecord& record);
/// Errors: what is no such record, or a newer caisson's.
Result<NetworkRecord> read_network_record(const std::string& json);

/// What the options of a network mean: "mtu", "mode" (of macvlan: bridge, private, vepa, passthru; of ipvlan: l2, l3,
/// l3s), "parent", "isolate"; docker's long names for those of a bridge. Errors: one that is none, or has no such
/// value.
struct NetworkSettings {
  std::uint32_t mtu = 0;
  std::uint32_t mode = 0;  ///< the kernel's number
  std::string device;
  bool masquerade = true;
  std::optional<Address> host_address;  ///< that ports are published on where -p names none
};
Result<NetworkSettings> network_settings(Driver driver, const std::map<std::string, std::string>& options);

/// What was asked of `network create`, beside what is in the record already: in the order of the options.
struct SubnetWishes {
  std::vector<Subnet> subnets;
  std::vector<Address> gateways;
  std::vector<Subnet> ranges;
};
/// The subnets of a network, each with its gateway (the first address, unless another is asked for) and range. Errors:
/// a gateway or range that lies in none of them; two of one family; a subnet that is too small.
Result<std::vector<NetworkSubnet>> arrange_subnets(const SubnetWishes& wishes);

/// That `subnet` overlaps nothing of `others`; a subnet that is chosen has to.
bool is_free(const Subnet& subnet, const std::vector<Subnet>& others);

}  // namespace caisson::network
