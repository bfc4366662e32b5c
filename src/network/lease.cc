#include "network/lease.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::network {

namespace {

std::string list_of(const std::vector<Address>& addresses, std::optional<Family> family = {}) {
  std::vector<std::string> texts;
  for (const Address& address : addresses) {
    if (!family || address.family == *family) texts.push_back(to_text(address));
  }
  return join(texts, ",");
}

std::vector<std::string> words_of(std::string_view list) {
  std::vector<std::string> words;
  if (list.empty()) return words;
  for (const std::string_view word : split(list, ',')) words.emplace_back(word);
  return words;
}

std::vector<Address> taken_in(const NetworkSubnet& subnet, const std::vector<Lease>& leases) {
  std::vector<Address> taken;
  if (subnet.gateway) taken.push_back(*subnet.gateway);
  for (const Lease& lease : leases) {
    for (const Address& address : lease.addresses) {
      if (address.family == subnet.subnet.base.family) taken.push_back(address);
    }
  }
  std::ranges::sort(taken);
  return taken;
}

Error is_taken(const Address& address, const NetworkSubnet& subnet, const std::vector<Lease>& leases) {
  if (subnet.gateway == address) return complaint(fmt::format("{} is the gateway of the network", to_text(address)));
  for (const Lease& lease : leases) {
    if (std::ranges::find(lease.addresses, address) == lease.addresses.end()) continue;
    return complaint(
        fmt::format("container {} has the address {} already", lease.container.substr(0, 12), to_text(address)));
  }
  return complaint(fmt::format("{} cannot be a container's address", to_text(address)));
}

}  // namespace

std::string to_text(const std::vector<Lease>& leases) {
  std::string text;
  for (const Lease& lease : leases)
    text += fmt::format("{} {} {} {}\n", lease.container, list_of(lease.addresses), join(lease.naming.names, ","),
                        join(lease.naming.servers, ","));
  return text;
}

std::vector<Lease> read_leases(std::string_view text) {
  std::vector<Lease> leases;
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> fields = split(line, ' ');
    if (fields.size() != 4) continue;
    Lease lease{.container = std::string(fields[0])};
    for (const std::string_view address : split(fields[1], ',')) {
      if (const auto read = parse_address(address)) lease.addresses.push_back(*read);
    }
    lease.naming = {words_of(fields[2]), words_of(fields[3])};
    leases.push_back(std::move(lease));
  }
  return leases;
}

Result<Lease> take_addresses(const NetworkRecord& network, std::vector<Lease>& leases, const std::string& container,
                             const NetworkChoice& choice, Naming naming) {
  Lease lease{.container = container, .naming = std::move(naming)};
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    const auto& asked = family == Family::kIpv4 ? choice.ipv4 : choice.ipv6;
    const bool possible = std::ranges::any_of(
        network.subnets, [&](const NetworkSubnet& each) { return asked && contains(each.subnet, *asked); });
    if (asked && !possible)
      return fail(complaint(fmt::format("{} is in no subnet of network {}", to_text(*asked), network.name),
                            fmt::format("caisson network inspect {}", network.name)));
  }
  for (const NetworkSubnet& each : network.subnets) {
    const auto& asked = each.subnet.base.family == Family::kIpv4 ? choice.ipv4 : choice.ipv6;
    const std::vector<Address> taken = taken_in(each, leases);
    if (asked) {
      const bool is_end =
          *asked == each.subnet.base || (asked->family == Family::kIpv4 && *asked == last_address(each.subnet));
      if (is_end || std::ranges::binary_search(taken, *asked)) return fail(is_taken(*asked, each, leases));
      lease.addresses.push_back(*asked);
      continue;
    }
    const auto free = lowest_free(each.subnet, each.range.value_or(each.subnet), taken);
    if (!free)
      return fail(complaint(fmt::format("network {} has no free address: {} are taken", network.name, taken.size()),
                            "a network with a larger subnet has: caisson network create --subnet"));
    lease.addresses.push_back(*free);
  }
  leases.push_back(lease);
  return lease;
}

bool give_back(std::vector<Lease>& leases, std::string_view container) {
  return std::erase_if(leases, [&](const Lease& lease) { return lease.container == container; }) != 0;
}

std::string names_file(const NetworkRecord& network, const std::vector<Lease>& leases) {
  std::vector<Address> servers;
  for (const NetworkSubnet& each : network.subnets) {
    if (each.gateway) servers.push_back(*each.gateway);
  }
  std::string text = list_of(servers) + "\n";
  for (const Lease& lease : leases) {
    const Naming& naming = lease.naming;
    if (naming.names.empty() || lease.addresses.empty()) continue;
    text += fmt::format("{} {} {} {}{}{}\n", lease.container, list_of(lease.addresses, Family::kIpv4),
                        list_of(lease.addresses, Family::kIpv6), join(naming.names, ","),
                        naming.servers.empty() ? "" : " ", join(naming.servers, ","));
  }
  return text;
}

}  // namespace caisson::network
