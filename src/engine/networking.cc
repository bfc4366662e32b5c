#include "engine/networking.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/files.h"
#include "network/attach.h"
#include "network/bridges.h"
#include "network/host_ports.h"
#include "network/links.h"
#include "network/user_network.h"
#include "network/words.h"

namespace caisson::engine {

namespace {

constexpr const char* kHoldingFile = "network.json";

std::string holding_path(const Places& places, const std::string& id) { return places.live(id) + "/" + kHoldingFile; }

std::string typed(const RunOptions& options, const std::string& option) {
  const auto found = options.typed.find(option);
  return found == options.typed.end() ? "--" + option : found->second;
}

// Those for one network alone.
Result<> check_single(const RunOptions& options, std::size_t networks) {
  for (const char* option : {"ip", "ip6", "mac-address", "network-alias"}) {
    if (!options.typed.contains(option) || networks == 1) continue;
    return fail(networks == 0 ? in(typed(options, option),
                                   complaint("it is on no network of its own", "--network NAME puts it on one"))
                              : in(typed(options, option), complaint("it is on several networks",
                                                                     "--network NAME:ip=…,mac=…,alias=… says which")));
  }
  return {};
}

// Without a network of its own the ports are those of the host, or nobody's.
Result<> check_publishable(const RunOptions& options, ChosenNetworks& chosen) {
  if (options.ports.empty() && !options.publish_all) return {};
  const std::string item = options.ports.empty() ? "-P" : typed(options, "publish");
  if (!chosen.wishes.any()) {
    const bool is_shared =
        options.network.kind == NamespaceKind::kContainer || options.network.kind == NamespaceKind::kPath;
    if (is_shared)
      return fail(
          in(item, complaint("it has no network that a port could lead into", "--network bridge gives it one")));
    chosen.wishes.ports.clear();
    chosen.wishes.publish_all = false;
    chosen.warnings.push_back(fmt::format("{}: nothing is published: {}", item,
                                          options.network.kind == NamespaceKind::kHost
                                              ? "with the host's network every port is the host's own"
                                              : "it has no network that a port could lead into"));
    return {};
  }
  const bool leads = !chosen.wishes.user_network.empty() ||
                     std::ranges::any_of(chosen.networks, [](const network::NetworkRecord& each) {
                       return each.driver == network::Driver::kBridge && !each.internal;
                     });
  if (!leads)
    return fail(
        in(item, complaint("nothing leads from the host into its networks: they are internal, or share a device")));
  return {};
}

std::vector<network::PortChoice> ports_of(const Record& record) {
  std::vector<network::PortChoice> ports = record.networks.ports;
  if (!record.networks.publish_all) return ports;
  for (const std::string& exposed : exposed_ports(record)) {
    const auto port = network::read_exposed_port(exposed);
    const auto same = [&](const network::PortChoice& other) {
      return port && other.container_port == port->container_port && other.protocol == port->protocol;
    };
    if (port && std::ranges::none_of(record.networks.ports, same)) ports.push_back(*port);
  }
  return ports;
}

// Where the packets of each family go: the first network that has an address of it and that leads to the container.
std::vector<network::Address> targets_of(const network::Holding& holding) {
  std::vector<network::Address> targets;
  for (const network::Attachment& attachment : holding.attachments) {
    if (attachment.internal || attachment.host_device.empty()) continue;
    for (const network::HeldAddress& held : attachment.addresses) {
      const bool has_family = std::ranges::any_of(
          targets, [&](const network::Address& other) { return other.family == held.address.family; });
      if (!has_family) targets.push_back(held.address);
    }
  }
  return targets;
}

network::Naming naming_of(const Record& record, const std::vector<std::string>& aliases) {
  std::vector<std::string> names = {record.name, short_id(record.id)};
  for (const std::string& alias : aliases) {
    if (std::ranges::find(names, alias) == names.end()) names.push_back(alias);
  }
  return {.names = std::move(names), .servers = record.networks.name_servers};
}

// "eth0", unless it is taken.
std::string free_interface(const network::Holding& holding, const std::vector<network::NetworkChoice>& choices) {
  for (unsigned number = 0;; ++number) {
    std::string name = fmt::format("eth{}", number);
    const bool is_taken =
        std::ranges::any_of(holding.attachments,
                            [&](const network::Attachment& each) { return each.interface == name; }) ||
        std::ranges::any_of(choices, [&](const network::NetworkChoice& each) { return each.interface == name; });
    if (!is_taken) return name;
  }
}

unsigned free_number(const network::Holding& holding) {
  for (unsigned number = 0;; ++number) {
    const bool is_taken = std::ranges::any_of(holding.attachments,
                                              [&](const network::Attachment& each) { return each.number == number; });
    if (!is_taken) return number;
  }
}

Result<network::Attachment> take_place(const Places& places, const Record& record,
                                       const network::NetworkRecord& network, const network::NetworkChoice& choice,
                                       const network::Holding& holding) {
  const network::Joining joining{
      .container = record.id,
      .choice = choice,
      .naming = naming_of(record, choice.aliases),
      .number = free_number(holding),
      .interface = choice.interface.empty() ? free_interface(holding, record.networks.networks) : choice.interface};
  return network::take_place(network_store(places), network, joining, [&] { return all_holdings(places); });
}

Result<> write_holding(const Places& places, const std::string& id, const network::Holding& holding) {
  return kernel::replace_file(holding_path(places, id), to_json(holding), 0600);
}

// Who of our own containers has the port, for the hint.
Error with_holder(const Places& places, const Record& record, Error error) {
  if (!network::is_taken(error)) return error;
  const Result<Listing> listing = list_containers(places);
  if (!listing) return error;
  for (const Container& other : listing->containers) {
    const auto holding = other.record.id == record.id ? std::nullopt : holding_of(places, other.record.id);
    if (!holding) continue;
    for (const network::HeldPort& held : holding->ports) {
      const std::string end = fmt::format(":{}/{}", held.port.host_port, network::protocol_name(held.port.protocol));
      if (error.operand.ends_with(end)) error.hint = fmt::format("container {} has the port", other.record.name);
    }
  }
  return error;
}

// Has the default route of each family gone by the first of its networks that has a way out.
bool is_way_out(const network::Holding& holding, const network::Attachment& attachment) {
  for (const network::Attachment& each : holding.attachments) {
    if (each.number == attachment.number) return true;
    if (!each.internal && !each.addresses.empty() && each.addresses[0].gateway) return false;
  }
  return true;
}

Result<> plug_all(const ChosenNetworks& chosen, const network::Holding& holding, int network_namespace) {
  for (std::size_t i = 0; i < holding.attachments.size(); ++i) {
    const network::Attachment& attachment = holding.attachments[i];
    TRY(network::plug(chosen.networks[i], attachment, network_namespace, is_way_out(holding, attachment)));
  }
  return {};
}

// An ordinary user's packets are carried by a program of its own sockets, with its ports.
Result<Connection> connect_by_helper(const Places& places, const Record& record, int network_namespace) {
  Connection connection;
  const network::UserNetwork wanted{.program = record.networks.user_network,
                                    .options = record.networks.user_network_options,
                                    .network_namespace = network_namespace,
                                    .directory = places.live(record.id)};
  network::HostPorts ports = TRY(network::free_ports(ports_of(record)));
  connection.holding = TRY(network::start_user_network(wanted, ports.ports));
  TRY(write_holding(places, record.id, connection.holding));
  return connection;
}

Result<Connection> connect(const Places& places, const Record& record, int network_namespace) {
  if (!record.networks.user_network.empty()) return connect_by_helper(places, record, network_namespace);
  ChosenNetworks chosen{.wishes = record.networks};
  Connection connection;
  network::Holding& holding = connection.holding;
  for (const network::NetworkChoice& choice : record.networks.networks) {
    const std::string item = choice.typed.empty() ? "--network " + choice.network : choice.typed;
    chosen.networks.push_back(TRY_IN(item, network::find_network(network_store(places), choice.network)));
    holding.attachments.push_back(TRY_IN(item, take_place(places, record, chosen.networks.back(), choice, holding)));
  }
  Result<network::HostPorts> ports = network::hold_ports(ports_of(record), targets_of(holding));
  if (!ports) return fail(with_holder(places, record, std::move(ports).error()));
  holding.ports = std::move(ports->ports);
  connection.host_ports = std::move(ports->sockets);
  TRY(write_holding(places, record.id, holding));
  TRY(plug_all(chosen, holding, network_namespace));
  TRY_IN("-p", network::publish(holding.ports));
  return connection;
}

}  // namespace

network::Store network_store(const Places& places) {
  return {
      .root = places.root + "/networks", .runroot = places.runroot + "/networks", .names = places.runroot + "/names"};
}

Result<ChosenNetworks> choose_networks(const RunOptions& options, bool is_ordinary_user, const Places& places) {
  ChosenNetworks chosen{.wishes = {.networks = options.networks,
                                   .user_network = options.user_network,
                                   .user_network_options = options.user_network_options,
                                   .name_servers = options.dns,
                                   .ports = options.ports,
                                   .publish_all = options.publish_all}};
  NetworkWishes& wishes = chosen.wishes;
  const bool is_default = options.network.kind == NamespaceKind::kPrivate && !wishes.any();
  if (is_default && is_ordinary_user) wishes.user_network = TRY_IN("--network", network::default_user_network());
  if (is_default && !is_ordinary_user) wishes.networks.push_back({.network = std::string(network::kDefaultNetwork)});
  if (wishes.user_network == "pasta" && !is_ordinary_user)
    return fail(in(typed(options, "network"),
                   complaint("pasta is for ordinary users: it enters no network that is root's", "--network bridge")));
  for (network::NetworkChoice& choice : wishes.networks) {
    const std::string item = choice.typed.empty() ? "--network " + choice.network : choice.typed;
    if (is_ordinary_user)
      return fail(in(
          item, complaint("only root makes bridges and other devices of the host", "--network pasta is for others")));
    chosen.networks.push_back(TRY_IN(item, network::find_network(network_store(places), choice.network)));
    choice.network = chosen.networks.back().name;
    const auto same = std::ranges::count_if(
        wishes.networks, [&](const network::NetworkChoice& other) { return other.network == choice.network; });
    if (same > 1) return fail(in(item, complaint("it is named twice")));
  }
  TRY(check_single(options, wishes.networks.size()));
  if (wishes.networks.size() == 1) {
    network::NetworkChoice& only = wishes.networks.front();
    if (options.ipv4) only.ipv4 = options.ipv4;
    if (options.ipv6) only.ipv6 = options.ipv6;
    if (options.mac) only.mac = options.mac;
    only.aliases.insert(only.aliases.end(), options.network_aliases.begin(), options.network_aliases.end());
  }
  TRY(check_publishable(options, chosen));
  return chosen;
}

Result<std::vector<std::string>> network_words(const Places& places, const Record& record) {
  std::vector<std::string> lines;
  const NetworkWishes& wishes = record.networks;
  if (!wishes.user_network.empty()) lines.push_back(fmt::format("have {} carry its packets", wishes.user_network));
  network::Holding holding;
  for (const network::NetworkChoice& choice : wishes.networks) {
    const network::NetworkRecord network = TRY(network::find_network(network_store(places), choice.network));
    const std::string interface =
        choice.interface.empty() ? free_interface(holding, wishes.networks) : choice.interface;
    const std::vector<std::string> more = network::words_of(network, choice, interface, holding.attachments.empty());
    for (const std::string& line : more) lines.push_back(fmt::format("{}: {}", network.name, line));
    holding.attachments.push_back({.network = network.name, .interface = interface});
  }
  for (const network::PortChoice& port : wishes.any() ? ports_of(record) : std::vector<network::PortChoice>()) {
    for (std::string& line : network::words_of(port)) lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> name_servers(const std::vector<network::NetworkRecord>& networks) {
  std::vector<std::string> servers;
  for (const network::NetworkRecord& each : networks) {
    if (!each.dns || each.driver != network::Driver::kBridge) continue;
    for (const network::NetworkSubnet& subnet : each.subnets) {
      if (subnet.gateway) servers.push_back(network::to_text(*subnet.gateway));
    }
  }
  return servers;
}

Result<Connection> connect_networks(const Places& places, const Record& record, int network_namespace) {
  Result<Connection> connection = connect(places, record, network_namespace);
  if (connection) return connection;
  (void)disconnect_networks(places, record);
  return connection;
}

Result<> disconnect_networks(const Places& places, const Record& record) {
  const network::Store store = network_store(places);
  const network::Holding holding = holding_of(places, record.id).value_or(network::Holding{});
  Result<> result;
  const auto note = [&](Result<> done) {
    if (!done && result) result = std::move(done);
  };
  if (!record.networks.user_network.empty()) {
    note(network::stop_user_network(holding, places.live(record.id)));
  } else {
    note(network::withdraw(holding.ports));
  }
  for (const network::Attachment& attachment : holding.attachments) note(network::unplug(attachment, -1));
  std::vector<std::string> names;
  for (const network::Attachment& attachment : holding.attachments) names.push_back(attachment.network);
  for (const network::NetworkChoice& choice : record.networks.networks) names.push_back(choice.network);
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& name : names) {
    const Result<network::NetworkRecord> network = network::find_network(store, name);
    if (network) note(network::give_lease_back(store, *network, record.id));
  }
  if (result && ::unlink(holding_path(places, record.id).c_str()) != 0 && errno != ENOENT)
    return fail(os_error("unlink", holding_path(places, record.id)));
  return result;
}

std::optional<network::Holding> holding_of(const Places& places, const std::string& id) {
  const Result<std::string> text = kernel::read_file(holding_path(places, id));
  if (!text) return std::nullopt;
  const Result<network::Holding> holding = network::read_holding(*text);
  if (!holding) return std::nullopt;
  return *holding;
}

std::vector<network::Holding> all_holdings(const Places& places) {
  std::vector<network::Holding> holdings;
  for (const std::string& id :
       kernel::list_directory(places.runroot + "/containers").value_or(std::vector<std::string>())) {
    if (auto holding = holding_of(places, id)) holdings.push_back(std::move(*holding));
  }
  return holdings;
}

// What --network said is of networks still where the last has been left.
bool may_join_networks(const Record& record) {
  return record.networks.user_network.empty() && network::is_network_name(cut(record.network, ',').head);
}

std::vector<std::string> networks_of(const Record& record) {
  if (!may_join_networks(record)) return {record.network};
  std::vector<std::string> names;
  for (const network::NetworkChoice& choice : record.networks.networks) names.push_back(choice.network);
  return names;
}

std::string hosts_with_addresses(std::string_view hosts, const network::Holding& holding) {
  constexpr std::string_view kOwn = "127.0.0.1\t";
  const std::size_t last = hosts.rfind(kOwn);
  if (last == std::string_view::npos || holding.attachments.empty()) return std::string(hosts);
  const std::string_view names = hosts.substr(last + kOwn.size());
  std::string text(hosts.substr(0, last));
  bool any = false;
  for (const network::Attachment& attachment : holding.attachments) {
    for (const network::HeldAddress& held : attachment.addresses) {
      text += fmt::format("{}\t{}", network::to_text(held.address), names);
      any = true;
    }
  }
  return any ? text : std::string(hosts);
}

std::string hosts_after(std::string_view hosts, const network::Holding& before, const network::Holding& now) {
  std::vector<std::string> own;
  for (const network::Attachment& attachment : before.attachments) {
    for (const network::HeldAddress& held : attachment.addresses) own.push_back(network::to_text(held.address));
  }
  // Without an address its names stand on the last line of this one; others of it are the user's.
  constexpr std::string_view kAlone = "127.0.0.1";
  const std::vector<std::string_view> lines = split(hosts, '\n');
  const auto alone = std::find_if(lines.rbegin(), lines.rend(), [&](std::string_view line) {
    const Cut parts = cut(line, '\t');
    return own.empty() && parts.head == kAlone && parts.tail != "localhost";
  });
  std::string kept;
  std::string_view names;
  for (const std::string_view& line : lines) {
    const Cut parts = cut(line, '\t');
    const bool is_own = std::ranges::find(own, parts.head) != own.end() || (alone != lines.rend() && &line == &*alone);
    if (is_own && parts.tail) {
      names = *parts.tail;
    } else if (!line.empty()) {
      kept += fmt::format("{}\n", line);
    }
  }
  if (names.empty()) return std::string(hosts);
  return hosts_with_addresses(kept + fmt::format("{}\t{}\n", kAlone, names), now);
}

namespace {

// Ports lead to the networks that it is on now.
Result<> redirect_ports(const network::Holding& before, network::Holding& now) {
  const std::vector<network::Address> targets = targets_of(now);
  std::vector<network::HeldPort> all = before.ports;
  all.insert(all.end(), before.closed.begin(), before.closed.end());
  now.ports.clear();
  now.closed.clear();
  for (network::HeldPort& held : all) {
    held.containers = network::targets_of(held.port.host_address, targets);
    (held.containers.empty() ? now.closed : now.ports).push_back(held);
  }
  if (now.ports == before.ports) return {};
  TRY(network::withdraw(before.ports));
  Result<> published = network::publish(now.ports);
  if (!published) (void)network::publish(before.ports);
  return published;
}

// In the file's own place: it is mounted.
Result<> rewrite_hosts(const Places& places, const std::string& id, const network::Holding& before,
                       const network::Holding& now) {
  const std::string path = places.container(id) + "/hosts";
  const Result<std::string> text = kernel::read_file(path);
  if (!text) return {};  // it has another's, or none
  return kernel::write_new_file(path, hosts_after(*text, before, now), 0644);
}

Result<> plug_in(const Places& places, const Container& container, const network::NetworkRecord& network,
                 const network::NetworkChoice& choice) {
  const Record& record = container.record;
  const network::Holding before = holding_of(places, record.id).value_or(network::Holding{});
  const Fd inside = TRY(kernel::open_file(fmt::format("/proc/{}/ns/net", container.live->process.pid), O_RDONLY));
  network::Holding now = before;
  const network::Attachment attachment = TRY(take_place(places, record, network, choice, before));
  now.attachments.push_back(attachment);
  TRY(write_holding(places, record.id, now));
  Result<> plugged = network::plug(network, attachment, inside.get(), is_way_out(now, attachment));
  if (plugged) plugged = redirect_ports(before, now);
  if (plugged) plugged = write_holding(places, record.id, now);
  if (plugged) return rewrite_hosts(places, record.id, before, now);
  (void)network::unplug(attachment, inside.get());
  (void)network::give_lease_back(network_store(places), network, record.id);
  (void)write_holding(places, record.id, before);
  return plugged;
}

// What led out by the network is led by the first of the others that can.
Result<> pull_out(const Places& places, const Container& container, const network::NetworkRecord& network) {
  const std::string& id = container.record.id;
  const network::Holding before = holding_of(places, id).value_or(network::Holding{});
  const auto place = std::ranges::find(before.attachments, network.name, &network::Attachment::network);
  if (place != before.attachments.end()) {
    const Fd inside = TRY(kernel::open_file(fmt::format("/proc/{}/ns/net", container.live->process.pid), O_RDONLY));
    network::Holding now = before;
    now.attachments.erase(now.attachments.begin() + (place - before.attachments.begin()));
    TRY(redirect_ports(before, now));
    network::Holding half = before;  // should it end here
    half.ports = now.ports;
    half.closed = now.closed;
    TRY(write_holding(places, id, half));
    TRY(network::unplug(*place, inside.get()));
    if (is_way_out(before, *place)) {
      for (const network::Attachment& other : now.attachments) {
        if (is_way_out(now, other)) TRY(network::lead_out(other, inside.get()));
      }
    }
    TRY(write_holding(places, id, now));
    TRY(rewrite_hosts(places, id, before, now));
  }
  return network::give_lease_back(network_store(places), network, id);
}

}  // namespace

Result<> join_network(const Places& places, const Container& container, const network::NetworkRecord& network,
                      network::NetworkChoice choice) {
  Record record = container.record;
  const auto on_it = [&](const network::NetworkChoice& each) { return each.network == network.name; };
  if (std::ranges::any_of(record.networks.networks, on_it))
    return fail(complaint(fmt::format("container {} is on network {} already", record.name, network.name)));
  if (!may_join_networks(record))
    return fail(complaint(fmt::format("container {} has no network namespace of its own for that (--network {})",
                                      record.name, record.network)));
  choice.network = network.name;
  if (container.live && container.live->process.pid != 0) TRY(plug_in(places, container, network, choice));
  record.networks.networks.push_back(std::move(choice));
  return kernel::replace_file(places.container(record.id) + "/" + kRecordFile, to_json(record), 0600);
}

Result<> leave_network(const Places& places, const Container& container, const network::NetworkRecord& network) {
  Record record = container.record;
  const auto gone = std::erase_if(record.networks.networks,
                                  [&](const network::NetworkChoice& each) { return each.network == network.name; });
  if (gone == 0) return fail(complaint(fmt::format("container {} is not on network {}", record.name, network.name)));
  if (container.live && container.live->process.pid != 0) TRY(pull_out(places, container, network));
  return kernel::replace_file(places.container(record.id) + "/" + kRecordFile, to_json(record), 0600);
}

Result<> rename_in_networks(const Places& places, const Record& record) {
  const auto holding = holding_of(places, record.id);
  if (!holding) return {};
  for (const network::Attachment& attachment : holding->attachments) {
    const auto network = TRY(network::find_network(network_store(places), attachment.network));
    if (network.dns)
      TRY(network::name_lease(network_store(places), network, record.id, naming_of(record, attachment.aliases)));
  }
  return {};
}

Result<std::vector<std::string>> network_users(const Places& places, const std::string& network) {
  std::vector<std::string> users;
  for (const Container& container : TRY(list_containers(places)).containers) {
    const auto on_it = [&](const network::NetworkChoice& each) { return each.network == network; };
    if (std::ranges::any_of(container.record.networks.networks, on_it)) users.push_back(container.record.name);
  }
  return users;
}

}  // namespace caisson::engine
