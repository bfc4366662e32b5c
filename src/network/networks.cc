#include "network/networks.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/files.h"
#include "network/bridges.h"
#include "network/links.h"
#include "network/names.h"

namespace caisson::network {

namespace {

constexpr std::string_view kSuffix = ".json";
constexpr std::string_view kNoSuchNetwork = "no such network: ";
constexpr Subnet kDefaultSubnet{.base = {.family = Family::kIpv4, .bytes = {10, 87, 0, 0}}, .prefix = 16};
constexpr unsigned kMostBridges = 10000;

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  while (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
  }
  return bytes;
}

std::int64_t now_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

Result<NetworkRecord> read(const Store& store, const std::string& name) {
  const std::string path = store.record(name);
  return TRY_IN(path, read_network_record(TRY(kernel::read_file(path))));
}

Result<Fd> lock_all(const Store& store) {
  TRY(kernel::make_directories(store.runroot, 0700));
  std::optional<Fd> lock = TRY(kernel::lock_file(store.runroot + "/lock", kernel::Lock::kWait));
  return std::move(*lock);
}

// What another network, or another device or route of the host, has already. Nothing: it is free.
std::string user_of(const Subnet& subnet, const std::vector<NetworkRecord>& networks,
                    const std::vector<Subnet>& routes) {
  for (const NetworkRecord& network : networks) {
    for (const NetworkSubnet& each : network.subnets) {
      if (overlap(each.subnet, subnet)) return fmt::format("network {} ({})", network.name, to_text(each.subnet));
    }
  }
  for (const Subnet& route : routes) {
    if (overlap(route, subnet)) return fmt::format("this host, which has a route to {}", to_text(route));
  }
  return {};
}

Result<Subnet> choose_subnet(Family family, const std::vector<NetworkRecord>& networks,
                             const std::vector<Subnet>& routes) {
  for (unsigned number = 0;; ++number) {
    std::optional<Subnet> subnet;
    if (family == Family::kIpv4) {
      subnet = usual_subnet(number);
    } else {
      std::uint64_t random = 0;
      const std::string bytes = random_bytes(sizeof random);
      std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(&random));
      subnet = local_subnet(random);
    }
    if (!subnet) return fail(complaint("no subnet is free", "--subnet says which to take"));
    if (user_of(*subnet, networks, routes).empty()) return *subnet;
  }
}

Result<> complete_subnets(NetworkRecord& wishes, const std::vector<NetworkRecord>& networks) {
  const std::vector<Subnet> routes = TRY(used_subnets());
  const bool shares = wishes.driver != Driver::kBridge;
  for (const NetworkSubnet& each : wishes.subnets) {
    // A device that is shared has a route to the subnet, as a rule.
    const std::string user = user_of(each.subnet, networks, shares ? std::vector<Subnet>() : routes);
    if (!user.empty())
      return fail(complaint(fmt::format("the subnet {} is used already, by {}", to_text(each.subnet), user)));
  }
  std::vector<Subnet> chosen;
  const auto has = [&](Family family) {
    return std::ranges::any_of(wishes.subnets,
                               [&](const NetworkSubnet& each) { return each.subnet.base.family == family; });
  };
  if (wishes.subnets.empty()) chosen.push_back(TRY(choose_subnet(Family::kIpv4, networks, routes)));
  if (wishes.ipv6 && !has(Family::kIpv6)) chosen.push_back(TRY(choose_subnet(Family::kIpv6, networks, routes)));
  for (const NetworkSubnet& each : TRY(arrange_subnets({.subnets = chosen, .gateways = {}, .ranges = {}})))
    wishes.subnets.push_back(each);
  std::ranges::stable_sort(wishes.subnets, {}, [](const NetworkSubnet& each) { return each.subnet.base.family; });
  wishes.ipv6 = has(Family::kIpv6);
  return {};
}

Result<> complete_device(NetworkRecord& wishes, const std::vector<NetworkRecord>& networks) {
  const NetworkSettings settings = TRY(network_settings(wishes.driver, wishes.options));
  if (!settings.device.empty()) wishes.device = settings.device;
  const auto is_taken = [&](const std::string& name) {
    return std::ranges::any_of(
        networks, [&](const NetworkRecord& each) { return each.driver == Driver::kBridge && each.device == name; });
  };
  if (wishes.driver != Driver::kBridge) {
    if (wishes.device.empty())
      return fail(complaint(fmt::format("a {} network shares a device of the host", driver_name(wishes.driver)),
                            "-o parent=eth0 says which"));
    if (device_index(wishes.device) == 0)
      return fail(complaint(fmt::format("this host has no device {}", wishes.device)));
    return {};
  }
  for (unsigned number = 1; wishes.device.empty() && number < kMostBridges; ++number) {
    const std::string name = fmt::format("caisson{}", number);
    if (!is_taken(name) && device_index(name) == 0) wishes.device = name;
  }
  if (wishes.device.empty()) return fail(complaint("no name is free for a bridge"));
  if (is_taken(wishes.device)) return fail(complaint(fmt::format("another network has the bridge {}", wishes.device)));
  return {};
}

NetworkRecord default_network() {
  NetworkRecord record{.name = std::string(kDefaultNetwork), .device = std::string(kDefaultDevice)};
  record.dns = false;
  return record;
}

Result<NetworkRecord> make_default(const Store& store) {
  NetworkRecord wishes = default_network();
  const auto routes = used_subnets();
  if (routes && is_free(kDefaultSubnet, *routes))
    wishes.subnets = {{.subnet = kDefaultSubnet, .gateway = advance(kDefaultSubnet.base, 1)}};
  Result<NetworkRecord> made = make_network(store, wishes);
  if (made || !kernel::exists(store.record(wishes.name))) return made;
  return read(store, wishes.name);  // another command was faster
}

// What answers names of the network is to be changed with its lock held.
std::string leases_path(const Store& store, const std::string& network) { return store.live(network) + "/leases"; }

Result<Leases> read_leases(const Store& store, const std::string& network) {
  Result<std::string> text = kernel::read_file(leases_path(store, network));
  if (!text && text.error().number == ENOENT) return Leases();
  if (!text) return fail(std::move(text).error());
  return Leases(std::move(*text));
}

Result<> write_leases(const Store& store, const NetworkRecord& network, const Leases& leases) {
  TRY(kernel::replace_file(leases_path(store, network.name), leases.text(), 0600));
  return network.dns ? write_names(store, network, leases.all()) : Result<>();
}

}  // namespace

bool is_no_such_network(const Error& error) { return error.operand.starts_with(kNoSuchNetwork); }

Result<NetworkRecord> find_network(const Store& store, const std::string& reference) {
  if (is_network_name(reference)) {
    Result<NetworkRecord> found = read(store, reference);
    if (found || found.error().number != ENOENT) return found;
    if (reference == kDefaultNetwork) return make_default(store);
  }
  std::optional<NetworkRecord> only;
  constexpr std::size_t kShortestId = 4;
  if (reference.size() >= kShortestId) {
    for (NetworkRecord& each : TRY(list_networks(store)).networks) {
      if (!each.id.starts_with(reference)) continue;
      if (only) return fail(complaint(fmt::format("several networks have an id that begins with '{}'", reference)));
      only = std::move(each);
    }
  }
  if (only) return std::move(*only);
  return fail(complaint(fmt::format("{}{}", kNoSuchNetwork, reference), "caisson network ls lists them"));
}

Result<NetworkListing> list_networks(const Store& store) {
  NetworkListing listing;
  for (const std::string& file : TRY(kernel::list_directory(store.root))) {
    if (!file.ends_with(kSuffix)) continue;
    Result<NetworkRecord> record = read(store, file.substr(0, file.size() - kSuffix.size()));
    if (record)
      listing.networks.push_back(std::move(*record));
    else if (record.error().number != ENOENT)
      listing.damaged.push_back(record.error().text());
  }
  std::ranges::sort(listing.networks, {}, &NetworkRecord::name);
  return listing;
}

Result<NetworkRecord> make_network(const Store& store, NetworkRecord wishes) {
  if (!is_network_name(wishes.name)) {
    return fail(
        complaint(fmt::format("'{}' is no name for a network: [a-zA-Z0-9][a-zA-Z0-9_.-]* is, and none of the words "
                              "that --network knows",
                              wishes.name)));
  }
  const Fd lock = TRY(lock_all(store));
  if (kernel::exists(store.record(wishes.name)))
    return fail(complaint(fmt::format("network {} is there already", wishes.name)));
  const std::vector<NetworkRecord> networks = TRY(list_networks(store)).networks;
  constexpr std::size_t kIdBytes = 32;
  wishes.id = hex(random_bytes(kIdBytes));
  wishes.created_ns = now_nanoseconds();
  TRY(complete_device(wishes, networks));
  TRY(complete_subnets(wishes, networks));
  TRY(kernel::make_directories(store.root, 0700));
  TRY(kernel::replace_file(store.record(wishes.name), to_json(wishes), 0600));
  return wishes;
}

Result<> remove_network(const Store& store, const NetworkRecord& network) {
  const Fd all = TRY(lock_all(store));
  {
    const Fd lock = TRY(lock_network(store, network));
    const std::vector<Lease> leases = TRY(leases_of(store, network.name));
    if (!leases.empty()) {
      return fail(
          complaint(fmt::format("network {} is in use by container {}", network.name, short_id(leases[0].container)),
                    "caisson network disconnect takes containers off it, rm -f removes them"));
    }
    if (network.dns) TRY(forget_names(store, network));
    TRY(remove_bridge(store, network));
    TRY(kernel::remove_tree(store.live(network.name)));
  }
  if (::unlink(store.record(network.name).c_str()) != 0 && errno != ENOENT)
    return fail(os_error("unlink", store.record(network.name)));
  return {};
}

Result<Fd> lock_network(const Store& store, const NetworkRecord& network) {
  const std::string directory = store.live(network.name);
  for (;;) {
    TRY(kernel::make_directories(directory, 0700));
    Result<std::optional<Fd>> lock = kernel::lock_file(directory + "/lock", kernel::Lock::kWait);
    if (!lock && lock.error().number == ENOENT) continue;  // it is being removed
    if (!lock) return fail(std::move(lock).error());
    if (kernel::exists(directory + "/lock")) return std::move(**lock);
  }
}

Result<Lease> take_lease(const Store& store, const NetworkRecord& network, const std::string& container,
                         const NetworkChoice& choice, Naming naming) {
  const Fd lock = TRY(lock_network(store, network));
  Leases leases = TRY(read_leases(store, network.name));
  leases.give_back(container);  // what a killed command left of the same one
  Lease lease = TRY(leases.take(network, container, choice, std::move(naming)));
  TRY(write_leases(store, network, leases));
  return lease;
}

Result<> name_lease(const Store& store, const NetworkRecord& network, const std::string& container, Naming naming) {
  const Fd lock = TRY(lock_network(store, network));
  Leases leases = TRY(read_leases(store, network.name));
  return leases.rename(container, std::move(naming)) ? write_leases(store, network, leases) : Result<>();
}

Result<> give_lease_back(const Store& store, const NetworkRecord& network, const std::string& container) {
  if (!kernel::exists(store.live(network.name))) return {};
  const Fd lock = TRY(lock_network(store, network));
  Leases leases = TRY(read_leases(store, network.name));
  return leases.give_back(container) ? write_leases(store, network, leases) : Result<>();
}

Result<std::vector<Lease>> leases_of(const Store& store, const std::string& network) {
  return TRY(read_leases(store, network)).all();
}

}  // namespace caisson::network
