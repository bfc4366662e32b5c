// Addresses and subnets of both families, as values (inet_pton(3)). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caisson::network {

enum class Family : std::uint8_t { kIpv4, kIpv6 };

struct Address {
  Family family = Family::kIpv4;
  std::array<std::uint8_t, 16> bytes{};  ///< in network order; of IPv4 the first four

  std::size_t size() const { return family == Family::kIpv4 ? 4 : 16; }
  int bits() const { return static_cast<int>(size()) * 8; }
  std::string_view raw() const { return {reinterpret_cast<const char*>(bytes.data()), size()}; }
  bool operator==(const Address&) const = default;
  auto operator<=>(const Address&) const = default;
};

/// Nothing for what is no address; an IPv6 address has neither brackets nor a zone.
std::optional<Address> parse_address(std::string_view text);
std::string to_text(const Address& address);
bool is_loopback(const Address& address);
bool is_unspecified(const Address& address);

/// The address `steps` further; nothing beyond the last one of the family.
std::optional<Address> advance(Address address, std::uint64_t steps);

struct Subnet {
  Address base;  ///< the bits behind the prefix are zero
  int prefix = 0;
  bool operator==(const Subnet&) const = default;
};

/// "10.89.0.0/24". Errors: what is none; bits of the host that are set (10.89.0.1/24).
Result<Subnet> parse_subnet(std::string_view text);
std::string to_text(const Subnet& subnet);
bool contains(const Subnet& subnet, const Address& address);
bool overlap(const Subnet& one, const Subnet& other);
Address last_address(const Subnet& subnet);

/// The lowest address of `range` that is none of `taken` (sorted), nor what no host of `subnet` may have: its first
/// one, and the broadcast address of IPv4. Nothing when there is none.
std::optional<Address> lowest_free(const Subnet& subnet, const Subnet& range, const std::vector<Address>& taken);

/// The `number`-th of the subnets that networks get where none is asked for: 10.89.0.0/24 … 10.255.255.0/24. Nothing
/// behind the last.
std::optional<Subnet> usual_subnet(unsigned number);

/// A subnet of the addresses that everybody may make up (RFC 4193): fdXX:XXXX:XXXX::/64, of 40 random bits.
Subnet local_subnet(std::uint64_t random);

/// "02:00:5e:10:00:00" ⇄ six bytes. Nothing for what is none, or is a group's address.
std::optional<std::array<std::uint8_t, 6>> parse_mac(std::string_view text);
std::string mac_text(const std::array<std::uint8_t, 6>& mac);

}  // namespace caisson::network
