#include "network/attach.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "kernel/files.h"
#include "network/daemon.h"
#include "network/link_messages.h"
#include "network/links.h"
#include "network/netlink_socket.h"

namespace caisson::network {

namespace {

Result<> with_hint(Result<> added, Driver driver) {
  if (!added && added.error().number == EOPNOTSUPP)
    added.error().hint =
        fmt::format("this kernel has no {} devices", driver == Driver::kBridge ? "veth" : driver_name(driver));
  return added;
}

// A device that is shared gets its name inside, where nobody else's can be in the way.
Result<> add_devices(const NetworkRecord& network, const NetworkSettings& settings, const Attachment& attachment,
                     int network_namespace) {
  const int index = device_index(network.device);
  if (index == 0)
    return fail(complaint(fmt::format("network {}: this host has no device {}", network.name, network.device)));
  NetlinkSocket socket = TRY(NetlinkSocket::route());
  Batch batch;
  if (network.driver == Driver::kBridge) {
    add_veth(batch, {.host_name = attachment.host_device,
                     .name = attachment.interface,
                     .network_namespace = network_namespace,
                     .bridge = index,
                     .mac = attachment.mac,
                     .mtu = settings.mtu});
    if (Result<> added = socket.run(batch); !added) return with_hint(std::move(added), network.driver);
    batch = Batch();
    // It is a port, and has no addresses: neither has it to be in the host's routes, among those of all the others.
    if (!set_parameter(fmt::format("ipv6/conf/{}/disable_ipv6", attachment.host_device), "1"))
      set_no_own_addresses(batch, attachment.host_device);
    set_hairpin(batch, attachment.host_device);
    set_up(batch, attachment.host_device);
  } else {
    add_shared(batch, {.type = std::string(driver_name(network.driver)),
                       .name = attachment.interface,
                       .parent = index,
                       .network_namespace = network_namespace,
                       .mode = settings.mode,
                       .mac = attachment.mac,
                       .mtu = settings.mtu});
  }
  return with_hint(socket.run(batch), network.driver);
}

bool has_ipv6(const Attachment& attachment) {
  for (const HeldAddress& each : attachment.addresses) {
    if (each.address.family == Family::kIpv6) return true;
  }
  return false;
}

void add_default_routes(Batch& batch, int index, const Attachment& attachment) {
  for (const HeldAddress& each : attachment.addresses) {
    if (each.gateway && !attachment.internal)
      add_route(batch, index, {.base = {.family = each.address.family}, .prefix = 0}, *each.gateway, 0);
  }
}

Result<> configure(const Attachment& attachment, bool default_route) {
  NetlinkSocket socket = TRY(NetlinkSocket::route());
  const int index = device_index(attachment.interface);
  Batch batch;
  // Nobody is asked for the address of an interface that has none: no duplicates are looked for.
  if (!has_ipv6(attachment)) set_no_own_addresses(batch, attachment.interface);
  for (const HeldAddress& each : attachment.addresses) add_address(batch, index, each.address, each.prefix);
  set_up(batch, attachment.interface);
  if (default_route) add_default_routes(batch, index, attachment);
  return socket.run(batch);
}

// Everybody inside may send pings and listen at any port, as docker has it: the namespace is the container's alone.
// Where it belongs to a user namespace that has not all groups, it stays as it is. The directory is looked up once: the
// kernel finds it among those of all namespaces.
void open_up() {
  const Result<Fd> parameters = kernel::open_file("/proc/sys/net/ipv4", O_PATH | O_DIRECTORY);
  if (!parameters) return;
  constexpr std::array<std::pair<const char*, std::string_view>, 2> kOpen = {
      {{"ping_group_range", "0\t2147483647"}, {"ip_unprivileged_port_start", "0"}}};
  for (const auto& [name, value] : kOpen) {
    const Result<Fd> file = kernel::open_file_at(parameters->get(), name, O_WRONLY);
    if (file) (void)kernel::write_all(file->get(), value, name);
  }
}

// What a killed command has left of the same container.
Result<> remove_host_device(const std::string& name) {
  NetlinkSocket socket = TRY(NetlinkSocket::route());
  Batch batch;
  delete_device(batch, name);
  const Result<> removed = socket.run(batch);
  if (removed || removed.error().number == ENODEV) return {};
  return removed;
}

// A device that is removed keeps whoever does that until everybody has let go of it (synchronize_net(), rcu_barrier():
// ten milliseconds and more). Nobody waits for that: with the container's namespace the kernel removes it anyway. By
// its number: the next start of the container has one of the same name.
Result<> discard_host_device(const std::string& name) {
  const int index = device_index(name);
  if (index == 0) return {};
  const Result<> begun = in_background(-1, [&] {
    Result<NetlinkSocket> socket = NetlinkSocket::route();
    Batch batch;
    delete_device(batch, index);
    if (socket) (void)socket->run(batch);
  });
  return begun ? begun : remove_host_device(name);
}

}  // namespace

Result<Attachment> take_place(const Store& store, const NetworkRecord& network, const Joining& joining,
                              const Holdings& holdings) {
  if (network.driver == Driver::kBridge) TRY(ensure_bridge(store, network, holdings));
  const Lease lease =
      TRY(take_lease(store, network, joining.container, joining.choice, network.dns ? joining.naming : Naming()));
  Attachment attachment{.network = network.name,
                        .network_id = network.id,
                        .number = joining.number,
                        .interface = joining.interface,
                        .mac = joining.choice.mac.value_or(made_mac(joining.container, joining.number)),
                        .aliases = joining.choice.aliases,
                        .internal = network.internal};
  if (network.driver == Driver::kBridge) attachment.host_device = host_device_name(joining.container, joining.number);
  for (const Address& address : lease.addresses) {
    for (const NetworkSubnet& each : network.subnets) {
      if (contains(each.subnet, address))
        attachment.addresses.push_back({.address = address, .prefix = each.subnet.prefix, .gateway = each.gateway});
    }
  }
  return attachment;
}

Result<> plug(const NetworkRecord& network, const Attachment& attachment, int network_namespace, bool default_route) {
  const std::string item = fmt::format("network {}", network.name);
  const NetworkSettings settings = TRY_IN(item, network_settings(network.driver, network.options));
  Result<> added = add_devices(network, settings, attachment, network_namespace);
  if (!added && added.error().number == EEXIST && !attachment.host_device.empty()) {
    TRY_IN(item, remove_host_device(attachment.host_device));
    added = add_devices(network, settings, attachment, network_namespace);
  }
  TRY_IN(item, added);
  const Visit visit = TRY_IN(item, Visit::to(network_namespace));
  open_up();
  TRY_IN(item, configure(attachment, default_route));
  return {};
}

Result<> lead_out(const Attachment& attachment, int network_namespace) {
  const Visit visit = TRY(Visit::to(network_namespace));
  NetlinkSocket socket = TRY(NetlinkSocket::route());
  Batch batch;
  add_default_routes(batch, device_index(attachment.interface), attachment);
  return socket.run(batch);
}

Result<> unplug(const Attachment& attachment, int network_namespace) {
  if (!attachment.host_device.empty()) return discard_host_device(attachment.host_device);
  if (network_namespace < 0) return {};
  const Visit visit = TRY(Visit::to(network_namespace));
  return remove_host_device(attachment.interface);
}

}  // namespace caisson::network
