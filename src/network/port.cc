#include "network/port.h"

#include <netinet/in.h>

#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::network {

namespace {

struct ProtocolRow {
  Protocol protocol;
  std::string_view name;
  std::uint8_t number;
};
constexpr std::array kProtocols = {ProtocolRow{Protocol::kTcp, "tcp", IPPROTO_TCP},
                                   ProtocolRow{Protocol::kUdp, "udp", IPPROTO_UDP},
                                   ProtocolRow{Protocol::kSctp, "sctp", IPPROTO_SCTP}};

const ProtocolRow& row_of(Protocol protocol) { return kProtocols[static_cast<std::size_t>(protocol)]; }

Error not_understood(std::string_view text) {
  return complaint(fmt::format("'{}' is no port to publish", text),
                   "8080:80, 127.0.0.1:8080:80/udp, [::1]:8080:80, 8000-8009:80-89 and 80 are");
}

struct Range {
  std::uint16_t first = 0;
  std::uint16_t count = 1;
};

std::optional<Range> read_range(std::string_view text) {
  constexpr std::uint64_t kMost = 65535;
  const Cut ends = cut(text, '-');
  const auto first = parse_unsigned(ends.head);
  const auto last = ends.tail ? parse_unsigned(*ends.tail) : first;
  if (!first || !last || *first == 0 || *last > kMost || *last < *first) return std::nullopt;
  return Range{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last - *first + 1)};
}

// The pieces between colons, the first of which may be an IPv6 address in brackets. Nothing if brackets do not close.
std::optional<std::vector<std::string_view>> pieces_of(std::string_view text) {
  if (!text.starts_with('[')) return split(text, ':');
  const std::size_t end = text.find("]:");
  if (end == std::string_view::npos) return std::nullopt;
  std::vector<std::string_view> pieces = {text.substr(1, end - 1)};
  for (const std::string_view piece : split(text.substr(end + 2), ':')) pieces.push_back(piece);
  if (pieces.size() != 3 || pieces[0].find(':') == std::string_view::npos) return std::nullopt;
  return pieces;
}

// Takes "/PROTOCOL" off the end.
bool take_protocol(std::string_view& text, Protocol& protocol) {
  const Cut parts = cut(text, '/');
  text = parts.head;
  if (!parts.tail) return true;
  const auto read = read_protocol(*parts.tail);
  if (read) protocol = *read;
  return read.has_value();
}

}  // namespace

std::string_view protocol_name(Protocol protocol) { return row_of(protocol).name; }
std::uint8_t protocol_number(Protocol protocol) { return row_of(protocol).number; }

std::optional<Protocol> read_protocol(std::string_view text) {
  for (const ProtocolRow& row : kProtocols) {
    if (row.name == text) return row.protocol;
  }
  return std::nullopt;
}

Result<PortChoice> read_exposed_port(std::string_view text) {
  std::string_view rest = text;
  PortChoice port{.typed = fmt::format("-P, {}", text)};
  if (!take_protocol(rest, port.protocol)) return fail(not_understood(text));
  const auto range = read_range(rest);
  if (!range) return fail(not_understood(text));
  port.container_port = range->first;
  port.count = range->count;
  return port;
}

Result<PortChoice> read_port(std::string_view text) {
  std::string_view rest = text;
  PortChoice port{.typed = fmt::format("-p {}", text)};
  if (!take_protocol(rest, port.protocol)) return fail(not_understood(text));
  const auto pieces = pieces_of(rest);
  if (!pieces || pieces->size() > 3) return fail(not_understood(text));
  if (pieces->size() == 3) {
    port.host_address = parse_address(pieces->front());
    if (!port.host_address && !pieces->front().empty()) return fail(not_understood(text));
    if (port.host_address && is_unspecified(*port.host_address) && port.host_address->family == Family::kIpv4)
      port.host_address = Address{};
  }
  const auto inside = read_range(pieces->back());
  if (!inside) return fail(not_understood(text));
  port.container_port = inside->first;
  port.count = inside->count;
  if (pieces->size() == 1) return port;
  const std::string_view outside = (*pieces)[pieces->size() - 2];
  if (outside.empty()) return port;
  const auto host = read_range(outside);
  if (!host) return fail(not_understood(text));
  if (host->count != port.count && port.count != 1)
    return fail(
        complaint(fmt::format("'{}': {} ports of the host for {} of the container", text, host->count, port.count)));
  port.host_port = host->first;
  if (host->count != port.count) port.host_count = host->count;
  return port;
}

std::string to_text(const PortChoice& port) {
  const auto range = [](unsigned first, unsigned count) {
    return count == 1 ? std::to_string(first) : fmt::format("{}-{}", first, first + count - 1);
  };
  std::string text;
  if (port.host_address) {
    const std::string address = to_text(*port.host_address);
    text = port.host_address->family == Family::kIpv6 ? fmt::format("[{}]:", address) : address + ":";
  }
  if (port.host_port != 0) text += range(port.host_port, port.host_count != 0 ? port.host_count : port.count);
  if (port.host_port != 0 || port.host_address) text += ':';
  return fmt::format("{}{}/{}", text, range(port.container_port, port.count), protocol_name(port.protocol));
}

std::string container_side(const Published& port) {
  return fmt::format("{}/{}", port.container_port, protocol_name(port.protocol));
}

std::string host_side(const Published& port, Family family) {
  const std::string address = port.host_address         ? to_text(*port.host_address)
                              : family == Family::kIpv4 ? std::string("0.0.0.0")
                                                        : std::string("::");
  if (address.find(':') != std::string::npos) return fmt::format("[{}]:{}", address, port.host_port);
  return fmt::format("{}:{}", address, port.host_port);
}

std::string reach(const Published& port) {
  if (!port.host_address || is_unspecified(*port.host_address)) return "every interface of the host";
  if (is_loopback(*port.host_address)) return fmt::format("this host alone ({})", to_text(*port.host_address));
  return fmt::format("the interface with {}", to_text(*port.host_address));
}

}  // namespace caisson::network
