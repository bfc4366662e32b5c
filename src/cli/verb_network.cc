// network: connect, create, disconnect, exists, inspect, ls, prune, reload, rm.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/names.h"
#include "cli/network_filter.h"
#include "cli/network_json.h"
#include "cli/question.h"
#include "cli/template.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/containers.h"
#include "engine/lifecycle.h"
#include "engine/networking.h"
#include "engine/value_grammar.h"
#include "network/bridges.h"

namespace caisson::cli {

namespace {

using Json = nlohmann::ordered_json;

struct NetworkOptions {
  network::NetworkRecord record;
  network::SubnetWishes wishes;
  network::NetworkChoice choice;
  std::string format;
  std::vector<NetworkFilter> filters;
  bool quiet = false;
  bool whole = false;
  bool force = false;
};

template <auto Member>
Result<> flag(NetworkOptions& options, const Use& use) {
  return options.*Member = use.value == "true", Result<>();
}

Result<> set_format(NetworkOptions& options, const Use& use) {
  return options.format = std::string(use.value), Result<>();
}

Result<> add_filter(NetworkOptions& options, const Use& use) {
  options.filters.push_back(TRY(read_network_filter(use.value)));
  return {};
}

Result<network::Address> read_address(std::string_view text) {
  const auto address = network::parse_address(text);
  if (!address) return fail(complaint(fmt::format("'{}' is no address", text)));
  return *address;
}

const Option<NetworkOptions> kCreateOptions[] = {
    {{"driver", 'd', "DRIVER", {}, "bridge (the default), macvlan or ipvlan"},
     [](NetworkOptions& options, const Use& use) -> Result<> {
       const auto driver = network::read_driver(use.value);
       if (!driver)
         return fail(
             complaint(fmt::format("there is no network driver '{}': bridge, macvlan and ipvlan are", use.value)));
       return options.record.driver = *driver, Result<>();
     }},
    {{"subnet", 0, "SUBNET", {}, "Addresses of its own: 10.89.1.0/24; one of each family", true},
     [](NetworkOptions& options, const Use& use) -> Result<> {
       options.wishes.subnets.push_back(TRY(network::parse_subnet(use.value)));
       return {};
     }},
    {{"gateway", 0, "ADDRESS", {}, "The host's address in it (default the first)", true},
     [](NetworkOptions& options, const Use& use) -> Result<> {
       options.wishes.gateways.push_back(TRY(read_address(use.value)));
       return {};
     }},
    {{"ip-range", 0, "SUBNET", {}, "The part of it that containers get their addresses from", true},
     [](NetworkOptions& options, const Use& use) -> Result<> {
       options.wishes.ranges.push_back(TRY(network::parse_subnet(use.value)));
       return {};
     }},
    {{"internal", 0, {}, {}, "Nothing outside is reached from it, and it is not from outside"},
     [](NetworkOptions& options, const Use& use) -> Result<> {
       return options.record.internal = use.value == "true", Result<>();
     }},
    {{"ipv6", 0, {}, {}, "IPv6 too: a local subnet (fd…/64), unless --subnet gives one"},
     [](NetworkOptions& options, const Use& use) -> Result<> {
       return options.record.ipv6 = use.value == "true", Result<>();
     }},
    {{"disable-dns", 0, {}, {}, "Its containers do not find each other by name"},
     [](NetworkOptions& options, const Use& use) -> Result<> {
       return options.record.dns = use.value != "true", Result<>();
     }},
    {{"opt",
      'o',
      "KEY=VALUE",
      {},
      "mtu=, and of a bridge name=, masquerade=, host_address=; of the others parent=, mode=",
      true},
     [](NetworkOptions& options, const Use& use) -> Result<> {
       auto [name, value] = TRY(engine::read_assignment(use.value));
       options.record.options[name] = value;
       return {};
     }},
    {{"label", 'l', "NAME=VALUE", {}, "Put a label on it", true},
     [](NetworkOptions& options, const Use& use) -> Result<> {
       auto [name, value] = TRY(engine::read_label(use.value));
       options.record.labels[name] = value;
       return {};
     }},
};
const Option<NetworkOptions> kListOptions[] = {
    {{"filter",
      'f',
      "KEY=VALUE",
      {},
      "dangling=BOOL, driver=NAME, id=ID, label=NAME[=VALUE], label!=…, name=TEXT, until=MOMENT",
      true},
     add_filter},
    {{"format", 0, "FORMAT", {}, "json, a template ('{{.Name}}'), or 'table TEMPLATE'"}, set_format},
    {{"no-trunc", 0, {}, {}, "Whole ids"}, flag<&NetworkOptions::whole>},
    {{"quiet", 'q', {}, {}, "Ids alone"}, flag<&NetworkOptions::quiet>},
};
const Option<NetworkOptions> kInspectOptions[] = {
    {{"format", 'f', "FORMAT", {}, "json, or a template ('{{.Driver}}')"}, set_format},
};
const Option<NetworkOptions> kRmOptions[] = {
    {{"force", 'f', {}, {}, "Containers on it are removed first; one that is not there is no error"},
     flag<&NetworkOptions::force>},
};
const Option<NetworkOptions> kPruneOptions[] = {
    {{"force", 'f', {}, {}, "Do not ask"}, flag<&NetworkOptions::force>},
    {{"filter", 0, "KEY=VALUE", {}, "label=NAME[=VALUE], label!=NAME[=VALUE], until=MOMENT", true}, add_filter},
};
const Option<NetworkOptions> kConnectOptions[] = {
    {{"alias", 0, "NAME", {}, "One more name that others of the network find it by", true},
     [](NetworkOptions& options, const Use& use) -> Result<> {
       if (!network::is_alias(use.value)) return fail(complaint(fmt::format("'{}' is no name for a host", use.value)));
       options.choice.aliases.emplace_back(use.value);
       return {};
     }},
    {{"ip", 0, "ADDRESS", {}, "Its IPv4 address"},
     [](NetworkOptions& options, const Use& use) -> Result<> {
       return options.choice.ipv4 = TRY(read_address(use.value)), Result<>();
     }},
    {{"ip6", 0, "ADDRESS", {}, "Its IPv6 address"},
     [](NetworkOptions& options, const Use& use) -> Result<> {
       return options.choice.ipv6 = TRY(read_address(use.value)), Result<>();
     }},
    {{"mac-address", 0, "ADDRESS", {}, "The address of its network device"},
     [](NetworkOptions& options, const Use& use) -> Result<> {
       options.choice.mac = network::parse_mac(use.value);
       if (!options.choice.mac)
         return fail(complaint(fmt::format("'{}' is no address of a network device", use.value)));
       return {};
     }},
};
const Option<NetworkOptions> kDisconnectOptions[] = {
    {{"force", 'f', {}, {}, "One that is not on it is no error"}, flag<&NetworkOptions::force>},
};
const std::vector<Option<NetworkOptions>> kNoOptions;

network::Store store(const Command& command) { return engine::network_store(command.places); }

// Reads a command line with `least` … `most` operands. Nothing: `status` is the exit status.
template <class Table>
std::optional<std::vector<std::string>> read_words(const Command& command, const Table& table, NetworkOptions& options,
                                                   std::size_t least, std::size_t most, int& status) {
  auto operands = read_words(command, table, options, status);
  if (!operands) return std::nullopt;
  const std::size_t count = operands->size();
  if (count < least)
    return status = refuse(command, complaint(least == 2 ? "a network and a container are needed"
                                                         : "the name of a network is missing")),
           std::nullopt;
  if (count > most)
    return status = refuse(command, complaint(fmt::format("'{}' is too much", (*operands)[most]))), std::nullopt;
  return operands;
}
constexpr std::size_t kAny = SIZE_MAX;

Manual create_manual() {
  return {"[OPTION…] NAME", "Makes a network, and prints its name. Nothing of it shows before a container is on it.",
          spellings(kCreateOptions)};
}

int verb_create(const Command& command) {
  NetworkOptions options;
  int status = 0;
  const auto operands = read_words(command, kCreateOptions, options, 1, 1, status);
  if (!operands) return status;
  options.record.name = operands->front();
  auto subnets = network::arrange_subnets(options.wishes);
  if (!subnets) return refuse(command, subnets.error());
  options.record.subnets = std::move(*subnets);
  const auto made = network::make_network(store(command), options.record);
  if (!made) return refuse(command, made.error());
  std::puts(made->name.c_str());
  return 0;
}

Manual exists_manual() { return {"NAME", "Exit status 0: the network is there; 1: it is not.", spellings(kNoOptions)}; }

int verb_exists(const Command& command) {
  NetworkOptions options;
  int status = 0;
  const auto operands = read_words(command, kNoOptions, options, 1, 1, status);
  if (!operands) return status;
  const auto network = network::find_network(store(command), operands->front());
  if (network) return 0;
  return network::is_no_such_network(network.error()) ? 1 : refuse(command, network.error());
}

Manual inspect_manual() {
  return {"[-f FORMAT] NAME…", "Shows all that is known about networks, and who is on them.",
          spellings(kInspectOptions)};
}

int verb_inspect(const Command& command) {
  NetworkOptions options;
  int status = 0;
  const auto operands = read_words(command, kInspectOptions, options, 1, kAny, status);
  if (!operands) return status;
  return print_objects(command, *operands, options.format, [&](const std::string& name) -> Result<Json> {
    return network_json(command.places, TRY(network::find_network(store(command), name)));
  });
}

Result<std::vector<network::NetworkRecord>> select(const Command& command, const std::vector<NetworkFilter>& filters) {
  network::NetworkListing listing = TRY(network::list_networks(store(command)));
  for (const std::string& damaged : listing.damaged) command.log.warning(damaged);
  std::vector<network::NetworkRecord> chosen;
  for (network::NetworkRecord& network : listing.networks) {
    const bool is_used = !filters.empty() && !TRY(engine::network_users(command.places, network.name)).empty();
    if (passes(filters, network, is_used)) chosen.push_back(std::move(network));
  }
  return chosen;
}

Result<std::string> list(const Command& command, const NetworkOptions& options) {
  if (::geteuid() == 0) TRY(network::find_network(store(command), std::string(network::kDefaultNetwork)));
  std::vector<ListedRow> rows;
  for (const network::NetworkRecord& network : TRY(select(command, options.filters)))
    rows.push_back({network_row(network, options.whole), network.labels});
  const Format format = TRY(Format::read(options.quiet ? "{{.ID}}" : options.format));
  return format.rows(rows, {.table = {"ID", "Name", "Driver", "Subnets"}, .headings = {{"ID", "NETWORK ID"}}});
}

Manual ls_manual() { return {"[OPTION…]", "Lists networks.", spellings(kListOptions)}; }

int verb_ls(const Command& command) {
  NetworkOptions options;
  int status = 0;
  const auto operands = read_words(command, kListOptions, options, 0, 0, status);
  if (!operands) return status;
  const Result<std::string> text = list(command, options);
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

Result<> remove_users(const Command& command, const std::string& network) {
  for (const std::string& user : TRY(engine::network_users(command.places, network)))
    TRY(engine::remove(command.places, TRY(engine::find_container(command.places, user)), engine::Force::kYes,
                       command.log));
  return {};
}

Result<> remove(const Command& command, const std::string& name, bool force) {
  const auto network = network::find_network(store(command), name);
  if (!network && force && network::is_no_such_network(network.error())) return {};
  if (!network) return fail(network.error());
  if (force) TRY(remove_users(command, network->name));
  const std::vector<std::string> users = TRY(engine::network_users(command.places, network->name));
  if (!users.empty()) {
    return fail(complaint(fmt::format("network {} is in use by {}", network->name, join(users, ", ")),
                          "network disconnect takes containers off it; rm -f removes them"));
  }
  return network::remove_network(store(command), *network);
}

Manual rm_manual() { return {"[-f] NAME…", "Removes networks that no container is on.", spellings(kRmOptions)}; }

int verb_rm(const Command& command) {
  NetworkOptions options;
  int status = 0;
  const auto operands = read_words(command, kRmOptions, options, 1, kAny, status);
  if (!operands) return status;
  engine::sweep(command.places, command.log);
  for (const std::string& name : *operands) {
    const Result<> removed = remove(command, name, options.force);
    if (removed) {
      std::puts(name.c_str());
    } else {
      refuse(command, removed.error());
      status = 1;
    }
  }
  return status;
}

Manual prune_manual() {
  return {"[OPTION…]", "Removes all networks that no container is on, but for the default one.",
          spellings(kPruneOptions)};
}

int verb_prune(const Command& command) {
  NetworkOptions options;
  int status = 0;
  const auto operands = read_words(command, kPruneOptions, options, 0, 0, status);
  if (!operands) return status;
  if (!options.force && !agreed_to("This removes all networks that no container is on.")) return 0;
  engine::sweep(command.places, command.log);
  const auto networks = select(command, options.filters);
  if (!networks) return refuse(command, networks.error());
  for (const network::NetworkRecord& network : *networks) {
    const auto users = engine::network_users(command.places, network.name);
    if (!users) return refuse(command, users.error());
    if (!users->empty() || network.name == network::kDefaultNetwork) continue;
    const Result<> removed = network::remove_network(store(command), network);
    if (removed)
      std::puts(network.name.c_str());
    else
      command.log.warning(fmt::format("network {} stays: {}", network.name, removed.error().text()));
  }
  return 0;
}

Manual connect_manual() {
  return {"[OPTION…] NETWORK CONTAINER", "Puts a container on one more network, now and with each start.",
          spellings(kConnectOptions)};
}

int verb_connect(const Command& command) {
  NetworkOptions options;
  int status = 0;
  const auto operands = read_words(command, kConnectOptions, options, 2, 2, status);
  if (!operands) return status;
  const auto connect = [&]() -> Result<> {
    const auto network = TRY(network::find_network(store(command), (*operands)[0]));
    return engine::join_network(command.places, TRY(engine::find_container(command.places, (*operands)[1])), network,
                                options.choice);
  };
  const Result<> connected = connect();
  return connected ? 0 : refuse(command, connected.error());
}

Manual disconnect_manual() {
  return {"[-f] NETWORK CONTAINER", "Takes a container off a network, now and for its next starts.",
          spellings(kDisconnectOptions)};
}

int verb_disconnect(const Command& command) {
  NetworkOptions options;
  int status = 0;
  const auto operands = read_words(command, kDisconnectOptions, options, 2, 2, status);
  if (!operands) return status;
  const auto disconnect = [&]() -> Result<> {
    const auto network = TRY(network::find_network(store(command), (*operands)[0]));
    const engine::Container container = TRY(engine::find_container(command.places, (*operands)[1]));
    const auto& networks = container.record.networks.networks;
    if (options.force && std::ranges::find(networks, network.name, &network::NetworkChoice::network) == networks.end())
      return {};
    return engine::leave_network(command.places, container, network);
  };
  const Result<> disconnected = disconnect();
  return disconnected ? 0 : refuse(command, disconnected.error());
}

Manual reload_manual() {
  return {"",
          "Makes the rules of all networks again, and has other firewalls let them through: after those were flushed "
          "or reloaded.",
          spellings(kNoOptions)};
}

int verb_reload(const Command& command) {
  NetworkOptions options;
  int status = 0;
  if (!read_words(command, kNoOptions, options, 0, 0, status)) return status;
  const Result<> restored =
      network::restore_rules(store(command), [&] { return engine::all_holdings(command.places); });
  return restored ? 0 : refuse(command, restored.error());
}

constexpr std::array kVerbs = {
    Verb{"audit", "Show every port of containers that is reached from outside", verb_network_audit,
         network_audit_manual},
    Verb{"connect", "Put a container on one more network", verb_connect, connect_manual},
    Verb{"create", "Make a network", verb_create, create_manual},
    Verb{"disconnect", "Take a container off a network", verb_disconnect, disconnect_manual},
    Verb{"exists", "Say by the exit status whether there is a network", verb_exists, exists_manual},
    Verb{"inspect", "Show all that is known about networks", verb_inspect, inspect_manual},
    Verb{"ls", "List networks", verb_ls, ls_manual},
    Verb{"prune", "Remove networks that no container is on", verb_prune, prune_manual},
    Verb{"reload", "Make the rules of all networks again", verb_reload, reload_manual},
    Verb{"rm", "Remove networks", verb_rm, rm_manual},
    Verb{"list", "", verb_ls, ls_manual},
    Verb{"remove", "", verb_rm, rm_manual},
};

}  // namespace

std::span<const Verb> network_verbs() { return kVerbs; }

}  // namespace caisson::cli
