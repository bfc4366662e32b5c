#include "cli/network_json.h"

#include <fmt/format.h>

#include "base/text.h"
#include "engine/containers.h"
#include "engine/networking.h"

namespace caisson::cli {

using Json = nlohmann::ordered_json;

namespace {

Json subnets_json(const network::NetworkRecord& network) {
  Json list = Json::array();
  for (const network::NetworkSubnet& each : network.subnets) {
    Json subnet = {{"Subnet", to_text(each.subnet)}};
    if (each.gateway) subnet["Gateway"] = to_text(*each.gateway);
    if (each.range) subnet["IPRange"] = to_text(*each.range);
    list.push_back(std::move(subnet));
  }
  return list;
}

}  // namespace

Result<Json> network_json(const engine::Places& places, const network::NetworkRecord& network) {
  Json containers = Json::object();
  for (const network::Lease& lease : TRY(network::leases_of(engine::network_store(places), network.name))) {
    const auto holding = engine::holding_of(places, lease.container);
    Json entry = {{"Name", lease.naming.names.empty() ? short_id(lease.container) : lease.naming.names[0]},
                  {"MacAddress", ""},
                  {"IPv4Address", ""},
                  {"IPv6Address", ""}};
    if (const auto container = engine::find_container(places, lease.container)) entry["Name"] = container->record.name;
    if (holding) {
      for (const network::Attachment& each : holding->attachments) {
        if (each.network != network.name) continue;
        entry["MacAddress"] = network::mac_text(each.mac);
        for (const network::HeldAddress& held : each.addresses) {
          const bool ipv4 = held.address.family == network::Family::kIpv4;
          entry[ipv4 ? "IPv4Address" : "IPv6Address"] = fmt::format("{}/{}", to_text(held.address), held.prefix);
        }
      }
    }
    containers[lease.container] = std::move(entry);
  }
  return Json{{"Name", network.name},
              {"Id", network.id},
              {"Created", rfc3339(network.created_ns)},
              {"Scope", "local"},
              {"Driver", network::driver_name(network.driver)},
              {"NetworkInterface", network.device},
              {"EnableIPv6", network.ipv6},
              {"IPAM", {{"Driver", "default"}, {"Options", Json::object()}, {"Config", subnets_json(network)}}},
              {"Internal", network.internal},
              {"DNSEnabled", network.dns},
              {"Containers", containers},
              {"Options", network.options},
              {"Labels", network.labels}};
}

Json network_row(const network::NetworkRecord& network, bool whole) {
  std::vector<std::string> labels;
  for (const auto& [name, value] : network.labels) labels.push_back(name + "=" + value);
  std::vector<std::string> subnets;
  for (const network::NetworkSubnet& each : network.subnets) subnets.push_back(to_text(each.subnet));
  return {{"ID", whole ? network.id : short_id(network.id)},
          {"Name", network.name},
          {"Driver", network::driver_name(network.driver)},
          {"Scope", "local"},
          {"Subnets", join(subnets, ", ")},
          {"Internal", network.internal},
          {"IPv6", network.ipv6},
          {"CreatedAt", rfc3339(network.created_ns)},
          {"Labels", join(labels, ",")}};
}

}  // namespace caisson::cli
