#include "network/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::network {

namespace {

constexpr unsigned kFirstUsual = 10U << 24 | 89U << 16;
constexpr unsigned kUsualSubnets = (256 - 89) * 256;

int native(Family family) { return family == Family::kIpv4 ? AF_INET : AF_INET6; }

// Sets the bits behind the prefix to zero or one.
Address with_host_bits(Address address, int prefix, bool set) {
  for (int bit = prefix; bit < address.bits(); ++bit) {
    auto& byte = address.bytes[static_cast<std::size_t>(bit / 8)];
    const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
    byte = static_cast<std::uint8_t>(set ? byte | mask : byte & ~mask);
  }
  return address;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  const std::string whole(text);
  Address address;
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    address.family = family;
    if (::inet_pton(native(family), whole.c_str(), address.bytes.data()) == 1 && whole.size() == text.size())
      return address;
  }
  return std::nullopt;
}

std::string to_text(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(native(address.family), address.bytes.data(), text, sizeof text);
  return text;
}

bool is_loopback(const Address& address) {
  if (address.family == Family::kIpv4) return address.bytes[0] == 127;
  return address == parse_address("::1");
}

bool is_unspecified(const Address& address) {
  return std::all_of(address.bytes.begin(), address.bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::optional<Address> advance(Address address, std::uint64_t steps) {
  for (std::size_t i = address.size(); i-- > 0 && steps != 0;) {
    const std::uint64_t sum = address.bytes[i] + (steps & 0xff);
    address.bytes[i] = static_cast<std::uint8_t>(sum);
    steps = (steps >> 8) + (sum >> 8);
  }
  if (steps != 0) return std::nullopt;
  return address;
}

Result<Subnet> parse_subnet(std::string_view text) {
  const Cut parts = cut(text, '/');
  const auto address = parse_address(parts.head);
  const std::uint64_t prefix = parse_unsigned(parts.tail.value_or("")).value_or(UINT64_MAX);
  if (!address || prefix > static_cast<std::uint64_t>(address->bits()))
    return fail(complaint(fmt::format("'{}' is no subnet", text), "10.89.1.0/24 and fd00:1::/64 are"));
  const Subnet subnet{*address, static_cast<int>(prefix)};
  const Address base = with_host_bits(*address, subnet.prefix, false);
  if (base != *address)
    return fail(complaint(fmt::format("'{}' is an address in a subnet, not the subnet", text),
                          fmt::format("did you mean {}/{}?", to_text(base), subnet.prefix)));
  return subnet;
}

std::string to_text(const Subnet& subnet) { return fmt::format("{}/{}", to_text(subnet.base), subnet.prefix); }

bool contains(const Subnet& subnet, const Address& address) {
  return subnet.base.family == address.family && with_host_bits(address, subnet.prefix, false) == subnet.base;
}

bool overlap(const Subnet& one, const Subnet& other) {
  return one.prefix <= other.prefix ? contains(one, other.base) : contains(other, one.base);
}

Address last_address(const Subnet& subnet) { return with_host_bits(subnet.base, subnet.prefix, true); }

std::optional<Address> lowest_free(const Subnet& subnet, const Subnet& range, const std::vector<Address>& taken) {
  const bool is_ipv4 = subnet.base.family == Family::kIpv4;
  const bool has_host_addresses = subnet.prefix < subnet.base.bits() - 1;  // RFC 3021 has none left out of two
  Address candidate = range.base;
  if (has_host_addresses && candidate == subnet.base) candidate = *advance(candidate, 1);
  auto next = std::lower_bound(taken.begin(), taken.end(), candidate);
  while (next != taken.end() && *next == candidate) {
    const auto further = advance(candidate, 1);
    if (!further) return std::nullopt;
    candidate = *further;
    next = std::find_if(next, taken.end(), [&](const Address& each) { return each >= candidate; });
  }
  if (!contains(range, candidate) || !contains(subnet, candidate)) return std::nullopt;
  if (is_ipv4 && has_host_addresses && candidate == last_address(subnet)) return std::nullopt;
  return candidate;
}

std::optional<Subnet> usual_subnet(unsigned number) {
  if (number >= kUsualSubnets) return std::nullopt;
  const unsigned base = kFirstUsual + number * 256;
  Subnet subnet{.base = {}, .prefix = 24};
  for (unsigned i = 0; i < 4; ++i) subnet.base.bytes[i] = static_cast<std::uint8_t>(base >> (24 - 8 * i));
  return subnet;
}

Subnet local_subnet(std::uint64_t random) {
  Subnet subnet{.base = {.family = Family::kIpv6}, .prefix = 64};
  subnet.base.bytes[0] = 0xfd;
  for (unsigned i = 1; i <= 5; ++i) subnet.base.bytes[i] = static_cast<std::uint8_t>(random >> (8 * i));
  return subnet;
}

std::optional<std::array<std::uint8_t, 6>> parse_mac(std::string_view text) {
  const std::vector<std::string_view> pieces = split(text, text.find('-') != std::string_view::npos ? '-' : ':');
  std::array<std::uint8_t, 6> mac{};
  if (pieces.size() != mac.size()) return std::nullopt;
  for (std::size_t i = 0; i < mac.size(); ++i) {
    const char* const end = pieces[i].data() + pieces[i].size();
    const auto [stopped, error] = std::from_chars(pieces[i].data(), end, mac[i], 16);
    if (pieces[i].size() != 2 || error != std::errc{} || stopped != end) return std::nullopt;
  }
  const bool is_group = (mac[0] & 1) != 0;
  if (is_group || std::all_of(mac.begin(), mac.end(), [](std::uint8_t byte) { return byte == 0; })) return std::nullopt;
  return mac;
}

std::string mac_text(const std::array<std::uint8_t, 6>& mac) {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

}  // namespace caisson::network
