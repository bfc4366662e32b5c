#include "network/words.h"

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::network {

namespace {

std::string address_words(const NetworkSubnet& subnet, const NetworkChoice& choice) {
  const auto& asked = subnet.subnet.base.family == Family::kIpv4 ? choice.ipv4 : choice.ipv6;
  if (asked) return fmt::format("take the address {}", to_text(*asked));
  return fmt::format("take the lowest free address of {}", to_text(subnet.range.value_or(subnet.subnet)));
}

}  // namespace

std::vector<std::string> words_of(const NetworkRecord& network, const NetworkChoice& choice, std::string_view interface,
                                  bool default_route) {
  std::vector<std::string> lines;
  std::vector<std::string> gateways;
  for (const NetworkSubnet& each : network.subnets) {
    if (each.gateway) gateways.push_back(to_text(*each.gateway));
  }
  const bool is_bridge = network.driver == Driver::kBridge;
  if (is_bridge)
    lines.push_back(fmt::format("make the bridge {} with {}, and the table inet caisson, unless they are there",
                                network.device, join(gateways, " and ")));
  for (const NetworkSubnet& each : network.subnets) lines.push_back(address_words(each, choice));
  lines.push_back(
      is_bridge ? fmt::format("make a pair of devices: one at {}, the other one {} inside", network.device, interface)
                : fmt::format("make the {} device {} inside, which shares {}", driver_name(network.driver), interface,
                              network.device));
  if (default_route && !network.internal && !gateways.empty())
    lines.push_back(fmt::format("make {} its way out", join(gateways, " and ")));
  if (network.internal) lines.emplace_back("leave it without a way out: the network is internal");
  if (network.dns && is_bridge)
    lines.push_back(fmt::format("have aardvark-dns answer its names at {}", join(gateways, " and ")));
  return lines;
}

std::vector<std::string> words_of(const PortChoice& port) {
  std::vector<std::string> lines;
  for (unsigned i = 0; i < port.count; ++i) {
    Published each{.host_address = port.host_address,
                   .host_port = port.host_port == 0 ? std::uint16_t{0} : static_cast<std::uint16_t>(port.host_port + i),
                   .container_port = static_cast<std::uint16_t>(port.container_port + i),
                   .protocol = port.protocol};
    const Family family = port.host_address ? port.host_address->family : Family::kIpv4;
    const std::string where = port.host_port == 0 ? std::string("a port that is free") : host_side(each, family);
    lines.push_back(fmt::format("publish its port {} at {}: {}", container_side(each), where, reach(each)));
  }
  return lines;
}

}  // namespace caisson::network
