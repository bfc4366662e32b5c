#include "engine/network_strays.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/networking.h"
#include "kernel/files.h"
#include "network/attach.h"
#include "network/bridges.h"
#include "network/links.h"

namespace caisson::engine {

namespace {

// The one of a container that has just ended goes by itself.
bool stays(const std::string& device) {
  for (int tries = 0; tries < 50; ++tries) {
    if (network::device_index(device) == 0) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace

Result<std::vector<std::string>> network_strays(const Places& places, Strays what) {
  const network::Store store = network_store(places);
  std::vector<std::string> strays;
  const std::vector<std::string> live = TRY(kernel::list_directory(places.runroot + "/containers"));
  const auto runs = [&](std::string_view id) {
    return std::ranges::any_of(live, [&](const std::string& each) { return each.starts_with(id); });
  };
  std::vector<network::Address> leased;
  for (const network::NetworkRecord& network : TRY(network::list_networks(store)).networks) {
    for (const network::Lease& lease : TRY(network::leases_of(store, network.name))) {
      leased.insert(leased.end(), lease.addresses.begin(), lease.addresses.end());
      if (runs(lease.container)) continue;
      strays.push_back(
          fmt::format("network {}: addresses of container {}, which is gone", network.name, short_id(lease.container)));
      if (what == Strays::kRemove) TRY(network::give_lease_back(store, network, lease.container));
    }
    if (network.driver != network::Driver::kBridge) continue;
    for (const std::string& device : TRY(network::ports_of_bridge(network.device))) {
      if (!network::is_host_device_name(device) || runs(std::string_view(device).substr(2, 11))) continue;
      if (!stays(device)) continue;
      strays.push_back(fmt::format("network {}: the device {} of a container that is gone", network.name, device));
      if (what == Strays::kRemove) TRY(network::unplug({.host_device = device}, -1));
    }
  }
  const std::vector<network::Holding> holdings = all_holdings(places);
  const auto is_held = [&](const network::PublishedElement& element) {
    return std::ranges::any_of(holdings, [&](const network::Holding& holding) {
      return std::ranges::any_of(holding.ports,
                                 [&](const network::HeldPort& held) { return held.port == element.port; });
    });
  };
  const auto elements = network::published();
  if (!elements) return strays;  // no table, or nobody who may look
  for (const network::PublishedElement& element : *elements) {
    // Another caisson's, with another root, are none of ours.
    if (is_held(element) || std::ranges::find(leased, element.container) == leased.end()) continue;
    strays.push_back(fmt::format("the published port {}, whose container is gone",
                                 network::host_side(element.port, element.container.family)));
    if (what == Strays::kRemove) TRY(network::withdraw({{element.port, {element.container}}}));
  }
  return strays;
}

}  // namespace caisson::engine
