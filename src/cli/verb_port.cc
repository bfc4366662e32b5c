#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "command_line/options.h"
#include "engine/containers.h"
#include "engine/networking.h"

namespace caisson::cli {

namespace {

struct PortOptions {
  bool reach = false;
};
const Option<PortOptions> kOptions[] = {
    {{"reach", 0, {}, {}, "Say which interfaces of the host it reaches"},
     [](PortOptions& options, const Use& use) -> Result<> { return options.reach = use.value == "true", Result<>(); }},
};

// "80" → "80/tcp".
Result<std::string> read_port(std::string_view text) {
  const Cut parts = cut(text, '/');
  const auto number = parse_unsigned(parts.head);
  if (!number || *number == 0 || *number > 65535)
    return fail(complaint(fmt::format("'{}' is no port: PORT[/PROTOCOL] is", text)));
  return fmt::format("{}/{}", *number, parts.tail.value_or("tcp"));
}

// "80/tcp -> 0.0.0.0:8080", a line for each family, with what it reaches behind it where that is asked for.
std::vector<std::string> lines_of(const network::HeldPort& held, bool alone, bool reach) {
  std::vector<network::Family> families;
  for (const network::Address& container : held.containers) families.push_back(container.family);
  if (families.empty())
    families.push_back(held.port.host_address ? held.port.host_address->family : network::Family::kIpv4);
  std::vector<std::string> lines;
  for (const network::Family family : families) {
    std::string line = alone ? host_side(held.port, family)
                             : fmt::format("{} -> {}", container_side(held.port), host_side(held.port, family));
    if (reach) line += fmt::format("  ({})", network::reach(held.port));
    lines.push_back(std::move(line));
  }
  return lines;
}

Result<> port(const Command& command, const PortOptions& options, const std::vector<std::string>& words) {
  const engine::Container container = TRY(engine::find_container(command.places, words[0]));
  const std::string wanted = words.size() == 1 ? std::string() : TRY(read_port(words[1]));
  const auto holding = engine::holding_of(command.places, container.record.id);
  bool any = false;
  for (const network::HeldPort& held : holding ? holding->ports : std::vector<network::HeldPort>()) {
    if (!wanted.empty() && container_side(held.port) != wanted) continue;
    any = true;
    for (const std::string& line : lines_of(held, !wanted.empty(), options.reach)) std::puts(line.c_str());
  }
  if (any || wanted.empty()) return {};
  return fail(complaint(fmt::format("port {} of container {} is not published", wanted, container.record.name)));
}

}  // namespace

Manual port_manual() {
  return {"[--reach] CONTAINER [PORT[/PROTOCOL]]", "Shows which ports of the host lead to a container's.",
          spellings(kOptions)};
}

int verb_port(const Command& command) {
  PortOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.empty() || parsed->operands.size() > 2)
    return refuse(command, complaint("one container is needed, and perhaps a port of it"));
  const Result<> shown = port(command, options, parsed->operands);
  return shown ? 0 : refuse(command, shown.error());
}

}  // namespace caisson::cli
