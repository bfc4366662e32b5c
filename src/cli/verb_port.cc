#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "command_line/options.h"
#include "engine/containers.h"

namespace caisson::cli {

namespace {

struct PortOptions {};
const std::vector<Option<PortOptions>> kOptions;

// "80" → "80/tcp".
Result<std::string> read_port(std::string_view text) {
  const Cut parts = cut(text, '/');
  const auto number = parse_unsigned(parts.head);
  if (!number || *number == 0 || *number > 65535)
    return fail(complaint(fmt::format("'{}' is no port: PORT[/PROTOCOL] is", text)));
  return fmt::format("{}/{}", *number, parts.tail.value_or("tcp"));
}

// No container has ports on the host yet: --publish says so.
Result<> port(const Command& command, const std::vector<std::string>& words) {
  const engine::Container container = TRY(engine::find_container(command.places, words[0]));
  if (words.size() == 1) return {};
  return fail(complaint(
      fmt::format("port {} of container {} is not published", TRY(read_port(words[1])), container.record.name)));
}

}  // namespace

Manual port_manual() {
  return {"CONTAINER [PORT[/PROTOCOL]]", "Shows which ports of the host lead to a container's.", {}};
}

int verb_port(const Command& command) {
  PortOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.empty() || parsed->operands.size() > 2)
    return refuse(command, complaint("one container is needed, and perhaps a port of it"));
  const Result<> shown = port(command, parsed->operands);
  return shown ? 0 : refuse(command, shown.error());
}

}  // namespace caisson::cli
