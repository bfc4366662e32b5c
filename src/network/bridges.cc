#include "network/bridges.h"

#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/files.h"
#include "network/daemon.h"
#include "network/filter_messages.h"
#include "network/foreign_rules.h"
#include "network/link_messages.h"
#include "network/links.h"
#include "network/netlink_socket.h"

namespace caisson::network {

namespace {

std::string ready_path(const Store& store, const NetworkRecord& network) { return store.live(network.name) + "/ready"; }

std::string ready_text(int index) { return fmt::format("{} {}", index, own_namespace()); }

BridgeRole role_of(const NetworkRecord& network) {
  const auto settings = network_settings(network.driver, network.options);
  BridgeRole role{.masqueraded = !network.internal && (!settings || settings->masquerade),
                  .internal = network.internal};
  for (const NetworkSubnet& each : network.subnets) role.subnets.push_back(each.subnet);
  return role;
}

Error with_hint(Error error, std::string_view thing) {
  if (error.number == EPERM || error.number == EACCES)
    error.hint = "only root of this network namespace may: --network none, or pasta for others";
  else if (error.number == EOPNOTSUPP || error.number == EPROTONOSUPPORT || error.number == EAFNOSUPPORT)
    error.hint = fmt::format("this kernel has no {}: --network host and --network none need none", thing);
  return error;
}

Result<NetlinkSocket> filter_socket() {
  Result<NetlinkSocket> socket = NetlinkSocket::netfilter();
  if (!socket) return fail(with_hint(socket.error(), "nftables"));
  return socket;
}

// Those that are in one transaction happen together.
Result<> transact(NetlinkSocket& socket, const std::function<void(Batch&)>& fill) {
  Batch batch;
  begin_transaction(batch);
  fill(batch);
  end_transaction(batch);
  return socket.run(batch);
}

Result<bool> has_table(NetlinkSocket& socket) {
  Batch batch;
  get_table(batch);
  const Result<> asked = socket.ask(batch, [](std::uint16_t, std::string_view) {});
  if (asked) return true;
  if (asked.error().number == ENOENT) return false;
  return fail(with_hint(asked.error(), "nftables"));
}

void add_ports(Batch& batch, const std::vector<HeldPort>& ports) {
  for (const HeldPort& held : ports) {
    for (const Address& container : held.containers) change_port(batch, Change::kAdd, held.port, container);
  }
}

// The table with the bridges that are there, and the ports of `holdings`.
Result<> make_table(const Store& store, NetlinkSocket& socket, const Holdings& holdings) {
  const NetworkListing listing = TRY(list_networks(store));
  const Result<> made = transact(socket, [&](Batch& batch) {
    add_table(batch);
    for (const NetworkRecord& network : listing.networks) {
      if (network.driver == Driver::kBridge && kernel::exists(ready_path(store, network)))
        change_bridge(batch, Change::kAdd, network.device, role_of(network));
    }
    for (const Holding& holding : holdings()) add_ports(batch, holding.ports);
  });
  if (made || made.error().number == EEXIST) return {};  // another command was faster
  return fail(with_hint(made.error(), "nftables with maps, nat and fib"));
}

// A host that forwards takes no routes from its routers any more, unless its devices are told to (ip-sysctl.rst,
// "accept_ra").
Result<> forward_ipv6() {
  const std::string all = "/proc/sys/net/ipv6/conf/all/forwarding";
  if (kernel::read_file(all).value_or("").starts_with('1')) return {};
  for (const std::string& device : TRY(device_names())) {
    const std::string name = fmt::format("ipv6/conf/{}/accept_ra", device);
    if (kernel::read_file("/proc/sys/net/" + name).value_or("").starts_with('1')) TRY(set_parameter(name, "2"));
  }
  return set_parameter("ipv6/conf/all/forwarding", "1");
}

Result<> set_parameters(const NetworkRecord& network) {
  const std::string ipv4 = fmt::format("ipv4/conf/{}/", network.device);
  // For the host's own loopback to reach what is published; the chain `raw` keeps others from it.
  TRY(set_parameter(ipv4 + "route_localnet", "1"));
  if (!network.internal) TRY(set_parameter("ipv4/ip_forward", "1"));
  if (!network.ipv6) return {};
  TRY(set_parameter(fmt::format("ipv6/conf/{}/accept_ra", network.device), "0"));
  return network.internal ? Result<>() : forward_ipv6();
}

Result<int> make_bridge(const NetworkRecord& network) {
  const NetworkSettings settings = TRY(network_settings(network.driver, network.options));
  NetlinkSocket socket = TRY(NetlinkSocket::route());
  int index = device_index(network.device);
  if (index == 0) {
    Batch batch;
    add_bridge(batch, network.device, settings.mtu, made_mac(network.id, 0));
    if (const Result<> made = socket.run(batch); !made) return fail(with_hint(made.error(), "bridges"));
    index = device_index(network.device);
  } else if (!kernel::exists(fmt::format("/proc/sys/net/ipv4/conf/{}", network.device))) {
    return fail(complaint(fmt::format("the name {} is another device's", network.device)));
  }
  Batch batch;
  for (const NetworkSubnet& each : network.subnets) {
    if (each.gateway) add_address(batch, index, *each.gateway, each.subnet.prefix);
  }
  set_up(batch, network.device);
  TRY(socket.run(batch));
  TRY(set_parameters(network));
  return index;
}

// False: other programs have flushed the rules.
Result<bool> has_rules() {
  NetlinkSocket socket = TRY(filter_socket());
  return has_table(socket);
}

}  // namespace

Result<int> ensure_bridge(const Store& store, const NetworkRecord& network, const Holdings& holdings) {
  const int index = device_index(network.device);
  if (index != 0 && kernel::read_file(ready_path(store, network)).value_or("") == ready_text(index) &&
      TRY(has_rules())) {
    TRY(let_through(network));
    return index;
  }
  const Fd lock = TRY(lock_network(store, network));
  const int made = TRY_IN(fmt::format("network {}", network.name), make_bridge(network));
  NetlinkSocket socket = TRY(filter_socket());
  if (!TRY(has_table(socket))) TRY(make_table(store, socket, holdings));
  TRY(transact(socket, [&](Batch& batch) { change_bridge(batch, Change::kAdd, network.device, role_of(network)); }));
  TRY(let_through(network));
  TRY(kernel::replace_file(ready_path(store, network), ready_text(made), 0600));
  return made;
}

Result<> remove_bridge(const Store& store, const NetworkRecord& network) {
  if (network.driver != Driver::kBridge) return {};
  const int index = device_index(network.device);
  const bool is_ours = kernel::read_file(ready_path(store, network)).value_or("") == ready_text(index);
  if (index == 0 || !is_ours) return {};
  if (Result<NetlinkSocket> filter = filter_socket()) {
    const Result<> changed = transact(
        *filter, [&](Batch& batch) { change_bridge(batch, Change::kRemove, network.device, role_of(network)); });
    if (!changed && changed.error().number != ENOENT) return changed;
  }
  TRY(no_longer_let_through(network));
  NetlinkSocket socket = TRY(NetlinkSocket::route());
  Batch batch;
  delete_device(batch, network.device);
  return socket.run(batch);
}

Result<> restore_rules(const Store& store, const Holdings& holdings) {
  NetlinkSocket socket = TRY(filter_socket());
  if (TRY(has_table(socket))) TRY(transact(socket, [](Batch& batch) { delete_table(batch); }));
  TRY(make_table(store, socket, holdings));
  for (const NetworkRecord& network : TRY(list_networks(store)).networks) {
    if (network.driver == Driver::kBridge && kernel::exists(ready_path(store, network))) TRY(let_through(network));
  }
  return {};
}

Result<> publish(const std::vector<HeldPort>& ports) {
  if (ports.empty()) return {};
  NetlinkSocket socket = TRY(filter_socket());
  return transact(socket, [&](Batch& batch) { add_ports(batch, ports); });
}

Result<> withdraw(const std::vector<HeldPort>& ports) {
  if (ports.empty()) return {};
  NetlinkSocket socket = TRY(filter_socket());
  const auto remove = [&](Batch& batch, const HeldPort& held) {
    for (const Address& container : held.containers) change_port(batch, Change::kRemove, held.port, container);
  };
  const Result<> together = transact(socket, [&](Batch& batch) {
    for (const HeldPort& held : ports) remove(batch, held);
  });
  // The last to close the socket waits until nobody looks at what was removed any more (ten milliseconds). That is
  // another process, which has it longer than this one does.
  constexpr unsigned kLonger_us = 20'000;
  if (together) (void)in_background(socket.descriptor(), [] { ::usleep(kLonger_us); });
  if (together || together.error().number != ENOENT) return together;
  // Some are gone: a command that was killed had begun with it.
  for (const HeldPort& held : ports) {
    for (const Address& container : held.containers) {
      const Result<> one =
          transact(socket, [&](Batch& batch) { change_port(batch, Change::kRemove, held.port, container); });
      if (!one && one.error().number != ENOENT) return one;
    }
  }
  return {};
}

Result<std::vector<PublishedElement>> published() {
  std::vector<PublishedElement> elements;
  NetlinkSocket socket = TRY(filter_socket());
  if (!TRY(has_table(socket))) return elements;
  for (const std::string_view map : kPortMaps) {
    Batch batch;
    list_elements(batch, map);
    TRY(socket.ask(batch, [&](std::uint16_t, std::string_view payload) {
      constexpr std::size_t kHead = 4;  // nfgenmsg
      if (payload.size() < kHead) return;
      for (const PortElement& each : read_elements(map, payload.substr(kHead)))
        elements.push_back({each.port, each.container});
    }));
  }
  return elements;
}

}  // namespace caisson::network
