#include "network/choice.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::network {

namespace {

constexpr std::size_t kLongestName = 128;
constexpr std::size_t kLongestDevice = 15;  // IFNAMSIZ, with a zero at its end
constexpr std::size_t kLongestAlias = 63;   // RFC 1035 2.3.4

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool is_of_name(char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; }

Result<Address> read_address(std::string_view text, Family family) {
  const auto address = parse_address(text);
  if (!address || address->family != family || is_unspecified(*address))
    return fail(complaint(fmt::format("'{}' is no {} address", text, family == Family::kIpv4 ? "IPv4" : "IPv6")));
  return *address;
}

Result<> set_option(NetworkChoice& choice, std::string_view key, std::string_view value) {
  if (key == "ip") {
    choice.ipv4 = TRY(read_address(value, Family::kIpv4));
  } else if (key == "ip6") {
    choice.ipv6 = TRY(read_address(value, Family::kIpv6));
  } else if (key == "mac" || key == "mac-address") {
    choice.mac = parse_mac(value);
    if (!choice.mac) return fail(complaint(fmt::format("'{}' is no address of a network device", value)));
  } else if (key == "alias") {
    if (!is_alias(value)) return fail(complaint(fmt::format("'{}' is no name for a host", value)));
    choice.aliases.emplace_back(value);
  } else if (key == "interface_name") {
    if (!is_device_name(value)) return fail(complaint(fmt::format("'{}' is no name for a network device", value)));
    choice.interface = value;
  } else {
    return fail(complaint(fmt::format("'{}' is no option of a network", key),
                          "ip=, ip6=, mac=, alias= and interface_name= are"));
  }
  return {};
}

}  // namespace

bool is_network_name(std::string_view name) {
  constexpr std::array<std::string_view, 9> kWords = {"none",    "host",        "container", "ns", "private",
                                                      "default", "slirp4netns", "pasta",     "pod"};
  return !name.empty() && name.size() <= kLongestName && is_alphanumeric(name[0]) &&
         std::ranges::all_of(name, is_of_name) && std::ranges::find(kWords, name) == kWords.end();
}

bool is_device_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestDevice && name != "." && name != ".." &&
         std::ranges::all_of(name, is_of_name);
}

bool is_alias(std::string_view name) {
  return !name.empty() && name.size() <= kLongestAlias && name[0] != '-' && name[0] != '.' &&
         std::ranges::all_of(name, is_of_name);
}

Result<NetworkChoice> read_network_choice(std::string_view text) {
  NetworkChoice choice{.typed = std::string(text)};
  std::optional<std::string_view> options;
  if (text.starts_with("name=")) {
    options = text;
  } else {
    const Cut parts = cut(text, ':');
    choice.network = parts.head;
    options = parts.tail;
  }
  if (options) {
    for (const std::string_view option : split(*options, ',')) {
      const Cut pair = cut(option, '=');
      if (!pair.tail) return fail(complaint(fmt::format("'{}': KEY=VALUE is an option of a network", option)));
      if (pair.head == "name" && choice.network.empty())
        choice.network = *pair.tail;
      else
        TRY(set_option(choice, pair.head, *pair.tail));
    }
  }
  if (!is_network_name(choice.network))
    return fail(
        complaint(fmt::format("'{}' is no network", choice.network),
                  "there are none, host, bridge, container:NAME, ns:PATH, and what `caisson network ls` lists"));
  return choice;
}

std::string to_text(const NetworkChoice& choice) {
  std::vector<std::string> options;
  if (choice.ipv4) options.push_back("ip=" + to_text(*choice.ipv4));
  if (choice.ipv6) options.push_back("ip6=" + to_text(*choice.ipv6));
  if (choice.mac) options.push_back("mac=" + mac_text(*choice.mac));
  if (!choice.interface.empty()) options.push_back("interface_name=" + choice.interface);
  for (const std::string& alias : choice.aliases) options.push_back("alias=" + alias);
  return options.empty() ? choice.network : choice.network + ":" + join(options, ",");
}

}  // namespace caisson::network
