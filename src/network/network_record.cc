#include "network/network_record.h"

#include <linux/if_link.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "network/choice.h"

namespace caisson::network {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr std::array<std::string_view, 3> kDrivers = {"bridge", "macvlan", "ipvlan"};

struct ModeRow {
  Driver driver;
  std::string_view word;
  std::uint32_t number;
};
constexpr std::array kModes = {ModeRow{Driver::kMacvlan, "bridge", MACVLAN_MODE_BRIDGE},
                               ModeRow{Driver::kMacvlan, "private", MACVLAN_MODE_PRIVATE},
                               ModeRow{Driver::kMacvlan, "vepa", MACVLAN_MODE_VEPA},
                               ModeRow{Driver::kMacvlan, "passthru", MACVLAN_MODE_PASSTHRU},
                               ModeRow{Driver::kIpvlan, "l2", IPVLAN_MODE_L2},
                               ModeRow{Driver::kIpvlan, "l3", IPVLAN_MODE_L3},
                               ModeRow{Driver::kIpvlan, "l3s", IPVLAN_MODE_L3S}};

Json subnet_json(const NetworkSubnet& each) {
  Json json = {{"subnet", to_text(each.subnet)}};
  if (each.gateway) json["gateway"] = to_text(*each.gateway);
  if (each.range) json["range"] = to_text(*each.range);
  return json;
}

Result<NetworkSubnet> read_subnet(const Json& json) {
  NetworkSubnet read{.subnet = TRY(parse_subnet(json.at("subnet").get<std::string>()))};
  if (json.contains("gateway")) read.gateway = parse_address(json.at("gateway").get<std::string>());
  if (json.contains("range")) read.range = TRY(parse_subnet(json.at("range").get<std::string>()));
  return read;
}

Error no_value(std::string_view key, std::string_view value) {
  return complaint(fmt::format("'{}' is no value of the option '{}'", value, key));
}

Result<> set_mode(NetworkSettings& settings, Driver driver, std::string_view value) {
  const auto row =
      std::ranges::find_if(kModes, [&](const ModeRow& each) { return each.driver == driver && each.word == value; });
  if (row == kModes.end()) return fail(no_value("mode", value));
  settings.mode = row->number;
  return {};
}

// docker's long names and podman's short ones are one.
std::string_view short_name(std::string_view key) {
  struct Row {
    std::string_view name;
    std::string_view means;
  };
  constexpr std::array kRows = {Row{"com.docker.network.driver.mtu", "mtu"},
                                Row{"com.docker.network.bridge.name", "name"},
                                Row{"com.docker.network.bridge.enable_ip_masquerade", "masquerade"},
                                Row{"com.docker.network.bridge.host_binding_ipv4", "host_address"},
                                Row{"macvlan_mode", "mode"},
                                Row{"ipvlan_mode", "mode"}};
  const auto row = std::ranges::find(kRows, key, &Row::name);
  return row == kRows.end() ? key : row->means;
}

Result<> set_option(NetworkSettings& settings, Driver driver, std::string_view key, std::string_view value) {
  const std::string_view name = short_name(key);
  const bool is_bridge = driver == Driver::kBridge;
  if (name == "mtu") {
    const auto mtu = parse_unsigned(value);
    if (!mtu || *mtu < 68 || *mtu > 65535) return fail(no_value(key, value));  // RFC 791 3.2
    settings.mtu = static_cast<std::uint32_t>(*mtu);
  } else if (name == "mode" && !is_bridge) {
    return set_mode(settings, driver, value);
  } else if ((name == "name" && is_bridge) || (name == "parent" && !is_bridge)) {
    if (!is_device_name(value)) return fail(no_value(key, value));
    settings.device = value;
  } else if (name == "masquerade" && is_bridge) {
    if (value != "true" && value != "false") return fail(no_value(key, value));
    settings.masquerade = value == "true";
  } else if (name == "host_address" && is_bridge) {
    settings.host_address = parse_address(value);
    if (!settings.host_address) return fail(no_value(key, value));
  } else {
    return fail(complaint(fmt::format("'{}' is no option of a {} network", key, driver_name(driver)),
                          is_bridge ? "mtu, name, masquerade and host_address are" : "parent, mode and mtu are"));
  }
  return {};
}

}  // namespace

std::string_view driver_name(Driver driver) { return kDrivers[static_cast<std::size_t>(driver)]; }

std::optional<Driver> read_driver(std::string_view text) {
  const auto found = std::ranges::find(kDrivers, text);
  if (found == kDrivers.end()) return std::nullopt;
  return static_cast<Driver>(found - kDrivers.begin());
}

Result<NetworkSettings> network_settings(Driver driver, const std::map<std::string, std::string>& options) {
  NetworkSettings settings;
  if (driver == Driver::kMacvlan) settings.mode = MACVLAN_MODE_BRIDGE;
  for (const auto& [key, value] : options) TRY(set_option(settings, driver, key, value));
  return settings;
}

bool is_free(const Subnet& subnet, const std::vector<Subnet>& others) {
  return std::ranges::none_of(others, [&](const Subnet& other) { return overlap(subnet, other); });
}

Result<std::vector<NetworkSubnet>> arrange_subnets(const SubnetWishes& wishes) {
  std::vector<NetworkSubnet> arranged;
  for (const Subnet& subnet : wishes.subnets) {
    const bool twice = std::ranges::any_of(
        arranged, [&](const NetworkSubnet& other) { return other.subnet.base.family == subnet.base.family; });
    if (twice) return fail(complaint(fmt::format("{}: a network has one subnet of each family", to_text(subnet))));
    if (subnet.prefix > subnet.base.bits() - 2)
      return fail(complaint(fmt::format("{}: there is no address left for a container", to_text(subnet))));
    arranged.push_back({.subnet = subnet, .gateway = advance(subnet.base, 1)});
  }
  const auto place_of = [&](const Address& address) {
    return std::ranges::find_if(arranged, [&](const NetworkSubnet& each) { return contains(each.subnet, address); });
  };
  for (const Address& gateway : wishes.gateways) {
    const auto place = place_of(gateway);
    if (place == arranged.end())
      return fail(complaint(fmt::format("the gateway {} lies in no subnet of the network", to_text(gateway)),
                            "--subnet says which"));
    place->gateway = gateway;
  }
  for (const Subnet& range : wishes.ranges) {
    const auto place = place_of(range.base);
    if (place == arranged.end() || range.prefix < place->subnet.prefix)
      return fail(complaint(fmt::format("the range {} lies in no subnet of the network", to_text(range)),
                            "--subnet says which"));
    place->range = range;
  }
  std::ranges::stable_sort(arranged, {}, [](const NetworkSubnet& each) { return each.subnet.base.family; });
  return arranged;
}

std::string to_json(const NetworkRecord& record) {
  Json subnets = Json::array();
  for (const NetworkSubnet& each : record.subnets) subnets.push_back(subnet_json(each));
  const Json json = {{"version", kVersion},
                     {"name", record.name},
                     {"id", record.id},
                     {"created", record.created_ns},
                     {"driver", driver_name(record.driver)},
                     {"device", record.device},
                     {"subnets", subnets},
                     {"internal", record.internal},
                     {"ipv6", record.ipv6},
                     {"dns", record.dns},
                     {"options", record.options},
                     {"labels", record.labels}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<NetworkRecord> read_network_record(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(complaint("not a JSON object"));
  try {
    if (json.at("version").get<int>() > kVersion) return fail(complaint("written by a newer caisson"));
    NetworkRecord record{.name = json.at("name").get<std::string>(),
                         .id = json.at("id").get<std::string>(),
                         .created_ns = json.at("created").get<std::int64_t>(),
                         .device = json.at("device").get<std::string>(),
                         .internal = json.at("internal").get<bool>(),
                         .ipv6 = json.at("ipv6").get<bool>(),
                         .dns = json.at("dns").get<bool>(),
                         .options = json.at("options").get<std::map<std::string, std::string>>(),
                         .labels = json.at("labels").get<std::map<std::string, std::string>>()};
    const auto driver = read_driver(json.at("driver").get<std::string>());
    if (!driver || !is_device_name(record.device) || !is_network_name(record.name))
      return fail(complaint("not the record of a network"));
    record.driver = *driver;
    for (const Json& each : json.at("subnets")) record.subnets.push_back(TRY(read_subnet(each)));
    return record;
  } catch (const Json::exception& exception) {
    return fail(complaint(exception.what()));
  }
}

}  // namespace caisson::network
