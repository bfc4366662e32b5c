// Published ports: the grammar of -p (docker-run(1)), and what became of it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "network/address.h"

namespace caisson::network {

enum class Protocol : std::uint8_t { kTcp, kUdp, kSctp };
std::string_view protocol_name(Protocol protocol);
std::uint8_t protocol_number(Protocol protocol);  ///< as the IP header has it
std::optional<Protocol> read_protocol(std::string_view text);

/// One --publish: `count` ports of the container from `container_port` on.
struct PortChoice {
  std::optional<Address> host_address;  ///< absent: all of the host's
  std::uint16_t host_port = 0;          ///< the first; 0: one that is free
  std::uint16_t host_count = 0;         ///< 0: as many as `count`; more, for one port: the first of them that is free
  std::uint16_t container_port = 0;
  std::uint16_t count = 1;
  Protocol protocol = Protocol::kTcp;
  std::string typed;
  bool operator==(const PortChoice&) const = default;
};

/// "[ADDRESS:][HOST[-HOST]]:PORT[-PORT][/PROTOCOL]", an IPv6 address in brackets; or PORT alone. Errors: what is none
/// of these; ranges of two lengths, but for one port that takes any of a range.
Result<PortChoice> read_port(std::string_view text);

/// As read_port() takes it.
std::string to_text(const PortChoice& port);

/// "80", "80-90/udp": no address and no port of the host, for -P and what an image exposes.
Result<PortChoice> read_exposed_port(std::string_view text);

/// A port of the host that leads to one of a container.
struct Published {
  std::optional<Address> host_address;  ///< absent: all
  std::uint16_t host_port = 0;
  std::uint16_t container_port = 0;
  Protocol protocol = Protocol::kTcp;
  bool operator==(const Published&) const = default;
};

/// "80/tcp".
std::string container_side(const Published& port);
/// "0.0.0.0:8080", "[::1]:8080".
std::string host_side(const Published& port, Family family);

/// Which of the host's interfaces a published port reaches, for people: "every interface of the host", "this host alone
/// (127.0.0.1)", "the interface with 192.0.2.1".
std::string reach(const Published& port);

}  // namespace caisson::network
