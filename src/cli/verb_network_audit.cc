// network audit: what is reached from outside.
#include <algorithm>
#include <cstdio>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/template.h"
#include "command_line/options.h"
#include "engine/containers.h"
#include "engine/networking.h"
#include "kernel/files.h"
#include "network/links.h"
#include "network/listeners.h"

namespace caisson::cli {

namespace {

using Json = nlohmann::ordered_json;

struct AuditOptions {
  std::string format;
};

const Option<AuditOptions> kOptions[] = {
    {{"format", 0, "FORMAT", {}, "json, a template ('{{.Host}}'), or 'table TEMPLATE'"},
     [](AuditOptions& options, const Use& use) -> Result<> {
       return options.format = std::string(use.value), Result<>();
     }},
};

// "every interface of the host: eth0 192.0.2.7, lo 127.0.0.1": by name, where the packets may come in.
std::string reach_of(const network::Published& port, const std::vector<network::Address>& containers,
                     const std::vector<network::DeviceAddress>& devices) {
  if (port.host_address && !network::is_unspecified(*port.host_address)) {
    for (const network::DeviceAddress& each : devices) {
      if (each.address == *port.host_address) return fmt::format("{} ({})", network::reach(port), each.device);
    }
    return network::reach(port);
  }
  std::vector<std::string> names;
  for (const network::DeviceAddress& each : devices) {
    const bool has_family = std::ranges::any_of(
        containers, [&](const network::Address& container) { return container.family == each.address.family; });
    // Nothing leads from ::1 into a container: IPv6 has no way from there to another device.
    const bool leads = has_family && !(each.address.family == network::Family::kIpv6 && is_loopback(each.address));
    if (leads && std::ranges::find(names, each.device) == names.end()) names.push_back(each.device);
  }
  return fmt::format("{}: {}", network::reach(port), join(names, ", "));
}

std::vector<ListedRow> published_rows(const engine::Container& container, const network::Holding& holding,
                                      const std::vector<network::DeviceAddress>& devices) {
  std::vector<ListedRow> rows;
  const auto listeners = network::listeners_of(container.live->process.pid);
  for (const network::HeldPort& held : holding.ports) {
    const bool is_heard = std::ranges::any_of(listeners, [&](const network::Listener& each) {
      return each.port == held.port.container_port && each.protocol == held.port.protocol && !is_loopback(each.address);
    });
    const bool has_ipv4 = std::ranges::any_of(
        held.containers, [](const network::Address& each) { return each.family == network::Family::kIpv4; });
    rows.push_back({{{"Container", container.record.name},
                     {"Port", container_side(held.port)},
                     {"Host", host_side(held.port, has_ipv4 || held.containers.empty() ? network::Family::kIpv4
                                                                                       : network::Family::kIpv6)},
                     {"Listens", is_heard ? "yes" : "no"},
                     {"Reach", reach_of(held.port, held.containers, devices)}}});
  }
  return rows;
}

// A container with the host's network: what its processes listen at is reached as if they ran on the host.
std::vector<ListedRow> host_rows(const engine::Container& container) {
  std::vector<ListedRow> rows;
  for (const network::Listener& each : network::listeners_of_cgroup(container.live->process.pid)) {
    const network::Published port{
        .host_address = each.address, .host_port = each.port, .container_port = each.port, .protocol = each.protocol};
    rows.push_back({{{"Container", container.record.name},
                     {"Port", container_side(port)},
                     {"Host", host_side(port, each.address.family)},
                     {"Listens", "yes"},
                     {"Reach", fmt::format("{} (--network host)", network::reach(port))}}});
  }
  return rows;
}

Result<std::string> audit(const Command& command, const AuditOptions& options) {
  const Format format = TRY(Format::read(options.format));
  const std::vector<network::DeviceAddress> devices = TRY(network::device_addresses());
  std::vector<ListedRow> rows;
  for (const engine::Container& container : TRY(engine::list_containers(command.places)).containers) {
    if (!container.live || container.live->process.pid == 0) continue;
    const auto holding = engine::holding_of(command.places, container.record.id);
    std::vector<ListedRow> more;
    if (holding) more = published_rows(container, *holding, devices);
    if (container.record.network == "host") more = host_rows(container);
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return format.rows(rows, {.table = {"Container", "Port", "Host", "Listens", "Reach"}});
}

}  // namespace

Manual network_audit_manual() {
  return {"[--format FORMAT]",
          "Shows every port of running containers that is reached from outside: by which address and interfaces of "
          "the host, and whether something listens there. What is not listed is reached from the container's own "
          "networks alone, and from the host.",
          spellings(kOptions)};
}

int verb_network_audit(const Command& command) {
  AuditOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (!parsed->operands.empty())
    return refuse(command, complaint(fmt::format("'{}' is too much", parsed->operands[0])));
  const Result<std::string> text = audit(command, options);
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

}  // namespace caisson::cli
