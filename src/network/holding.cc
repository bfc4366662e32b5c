#include "network/holding.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace caisson::network {

namespace {

using Json = nlohmann::ordered_json;

Json attachment_json(const Attachment& each) {
  Json addresses = Json::array();
  for (const HeldAddress& held : each.addresses) {
    Json address = {{"address", to_text(held.address)}, {"prefix", held.prefix}};
    if (held.gateway) address["gateway"] = to_text(*held.gateway);
    addresses.push_back(std::move(address));
  }
  return {{"network", each.network},     {"networkId", each.network_id},   {"number", each.number},
          {"interface", each.interface}, {"hostDevice", each.host_device}, {"mac", mac_text(each.mac)},
          {"addresses", addresses},      {"aliases", each.aliases},        {"internal", each.internal}};
}

Address address_of(const Json& json) {
  const auto address = parse_address(json.get<std::string>());
  if (!address) throw Json::type_error::create(302, "no address", &json);
  return *address;
}

Attachment read_attachment(const Json& json) {
  Attachment each{.network = json.at("network").get<std::string>(),
                  .network_id = json.at("networkId").get<std::string>(),
                  .number = json.at("number").get<unsigned>(),
                  .interface = json.at("interface").get<std::string>(),
                  .host_device = json.at("hostDevice").get<std::string>(),
                  .mac = parse_mac(json.at("mac").get<std::string>()).value_or(Mac{}),
                  .aliases = json.at("aliases").get<std::vector<std::string>>(),
                  .internal = json.at("internal").get<bool>()};
  for (const Json& held : json.at("addresses")) {
    HeldAddress address{.address = address_of(held.at("address")), .prefix = held.at("prefix").get<int>()};
    if (held.contains("gateway")) address.gateway = address_of(held.at("gateway"));
    each.addresses.push_back(address);
  }
  return each;
}

Json port_json(const HeldPort& held) {
  Json containers = Json::array();
  for (const Address& address : held.containers) containers.push_back(to_text(address));
  Json json = {{"hostPort", held.port.host_port},
               {"containerPort", held.port.container_port},
               {"protocol", protocol_name(held.port.protocol)},
               {"containers", containers}};
  if (held.port.host_address) json["hostAddress"] = to_text(*held.port.host_address);
  return json;
}

HeldPort read_held_port(const Json& json) {
  HeldPort held{.port = {.host_port = json.at("hostPort").get<std::uint16_t>(),
                         .container_port = json.at("containerPort").get<std::uint16_t>(),
                         .protocol = read_protocol(json.at("protocol").get<std::string>()).value_or(Protocol::kTcp)}};
  if (json.contains("hostAddress")) held.port.host_address = address_of(json.at("hostAddress"));
  for (const Json& address : json.at("containers")) held.containers.push_back(address_of(address));
  return held;
}

}  // namespace

std::string to_json(const Holding& holding) {
  Json attachments = Json::array();
  for (const Attachment& each : holding.attachments) attachments.push_back(attachment_json(each));
  const auto ports_json = [](const std::vector<HeldPort>& ports) {
    Json json = Json::array();
    for (const HeldPort& each : ports) json.push_back(port_json(each));
    return json;
  };
  const Json json = {{"attachments", attachments},           {"ports", ports_json(holding.ports)},
                     {"closed", ports_json(holding.closed)}, {"helper", holding.helper},
                     {"helperPid", holding.helper_pid},      {"helperStartTicks", holding.helper_start_ticks}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Holding> read_holding(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(complaint("not a JSON object"));
  try {
    Holding holding{.helper = json.at("helper").get<std::string>(),
                    .helper_pid = json.at("helperPid").get<int>(),
                    .helper_start_ticks = json.at("helperStartTicks").get<std::uint64_t>()};
    for (const Json& each : json.at("attachments")) holding.attachments.push_back(read_attachment(each));
    for (const Json& each : json.at("ports")) holding.ports.push_back(read_held_port(each));
    if (json.contains("closed")) {
      for (const Json& each : json.at("closed")) holding.closed.push_back(read_held_port(each));
    }
    return holding;
  } catch (const Json::exception& exception) {
    return fail(complaint(exception.what()));
  }
}

}  // namespace caisson::network
