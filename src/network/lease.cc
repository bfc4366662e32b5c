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

// Of the line of a lease: its container, its addresses.
std::pair<std::string_view, std::string_view> head_of(std::string_view line) {
  const Cut container = cut(line, ' ');
  return {container.head, cut(container.tail.value_or(""), ' ').head};
}

std::optional<Lease> read_lease(std::string_view line) {
  const std::vector<std::string_view> fields = split(line, ' ');
  if (fields.size() != 4) return std::nullopt;
  Lease lease{.container = std::string(fields[0]), .naming = {words_of(fields[2]), words_of(fields[3])}};
  for (const std::string_view address : split(fields[1], ',')) {
    if (const auto read = parse_address(address)) lease.addresses.push_back(*read);
  }
  return lease;
}

std::string line_of(const Lease& lease) {
  return fmt::format("{} {} {} {}\n", lease.container, list_of(lease.addresses), join(lease.naming.names, ","),
                     join(lease.naming.servers, ","));
}

}  // namespace

std::vector<Lease> Leases::all() const {
  std::vector<Lease> leases;
  for (const std::string_view line : split(text_, '\n')) {
    if (auto lease = read_lease(line)) leases.push_back(std::move(*lease));
  }
  return leases;
}

// Where it begins, and its length with the newline.
std::optional<std::pair<std::size_t, std::size_t>> Leases::line_of(std::string_view container) const {
  const std::string head = fmt::format("{} ", container);
  std::size_t begin = text_.find(head);
  while (begin != std::string::npos && begin != 0 && text_[begin - 1] != '\n') begin = text_.find(head, begin + 1);
  if (begin == std::string::npos) return std::nullopt;
  const std::size_t end = text_.find('\n', begin);
  return std::pair(begin, (end == std::string::npos ? text_.size() : end + 1) - begin);
}

std::vector<Address> Leases::taken_in(const NetworkSubnet& subnet) const {
  std::vector<Address> taken;
  if (subnet.gateway) taken.push_back(*subnet.gateway);
  for (const std::string_view line : split(text_, '\n')) {
    for (const std::string_view address : split(head_of(line).second, ',')) {
      const auto read = parse_address(address);
      if (read && read->family == subnet.subnet.base.family) taken.push_back(*read);
    }
  }
  std::ranges::sort(taken);
  return taken;
}

Error Leases::why_not(const Address& address, const NetworkSubnet& subnet) const {
  if (subnet.gateway == address) return complaint(fmt::format("{} is the gateway of the network", to_text(address)));
  for (const Lease& lease : all()) {
    if (std::ranges::find(lease.addresses, address) == lease.addresses.end()) continue;
    return complaint(
        fmt::format("container {} has the address {} already", short_id(lease.container), to_text(address)));
  }
  return complaint(fmt::format("{} cannot be a container's address", to_text(address)));
}

Result<Lease> Leases::take(const NetworkRecord& network, const std::string& container, const NetworkChoice& choice,
                           Naming naming) {
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
    const std::vector<Address> taken = taken_in(each);
    if (asked) {
      const bool is_end =
          *asked == each.subnet.base || (asked->family == Family::kIpv4 && *asked == last_address(each.subnet));
      if (is_end || std::ranges::binary_search(taken, *asked)) return fail(why_not(*asked, each));
      lease.addresses.push_back(*asked);
      continue;
    }
    const auto free = lowest_free(each.subnet, each.range.value_or(each.subnet), taken);
    if (!free)
      return fail(complaint(fmt::format("network {} has no free address: {} are taken", network.name, taken.size()),
                            "a network with a larger subnet has: caisson network create --subnet"));
    lease.addresses.push_back(*free);
  }
  text_ += network::line_of(lease);
  return lease;
}

bool Leases::rename(std::string_view container, Naming naming) {
  const auto line = line_of(container);
  if (!line) return false;
  auto lease = read_lease(cut(std::string_view(text_).substr(line->first, line->second), '\n').head);
  if (!lease) return false;
  lease->naming = std::move(naming);
  text_.replace(line->first, line->second, network::line_of(*lease));
  return true;
}

bool Leases::give_back(std::string_view container) {
  const auto line = line_of(container);
  if (line) text_.erase(line->first, line->second);
  return line.has_value();
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
