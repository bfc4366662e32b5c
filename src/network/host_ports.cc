#include "network/host_ports.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/files.h"

namespace caisson::network {

namespace {

constexpr int kPortsFree = 1000;  // tries to find one port that is free in both families

int native(Family family) { return family == Family::kIpv4 ? AF_INET : AF_INET6; }

int socket_type(Protocol protocol) { return protocol == Protocol::kUdp ? SOCK_DGRAM : SOCK_STREAM; }

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress socket_address(const std::optional<Address>& address, Family family, std::uint16_t port) {
  SocketAddress made;
  made.storage.ss_family = static_cast<sa_family_t>(native(family));
  if (family == Family::kIpv4) {
    auto* ipv4 = reinterpret_cast<sockaddr_in*>(&made.storage);
    ipv4->sin_port = htons(port);
    if (address) std::memcpy(&ipv4->sin_addr, address->bytes.data(), sizeof ipv4->sin_addr);
    made.size = sizeof *ipv4;
  } else {
    auto* ipv6 = reinterpret_cast<sockaddr_in6*>(&made.storage);
    ipv6->sin6_port = htons(port);
    if (address) std::memcpy(&ipv6->sin6_addr, address->bytes.data(), sizeof ipv6->sin6_addr);
    made.size = sizeof *ipv6;
  }
  return made;
}

std::uint16_t port_of(int socket) {
  SocketAddress bound{.size = sizeof(sockaddr_storage)};
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&bound.storage), &bound.size) != 0) return 0;
  return ntohs(reinterpret_cast<sockaddr_in*>(&bound.storage)->sin_port);  // at the same place in both
}

// The numbers of the sockets that are bound to the port: the tables of proc_net(5).
std::vector<std::string> sockets_at(Protocol protocol, std::uint16_t port) {
  std::vector<std::string> inodes;
  const std::string end = fmt::format(":{:04X}", port);
  for (const char* const version : {"", "6"}) {
    const std::string table =
        kernel::read_file(fmt::format("/proc/net/{}{}", protocol_name(protocol), version)).value_or("");
    for (const std::string_view line : split(table, '\n')) {
      std::vector<std::string_view> fields;
      for (const std::string_view field : split(line, ' ')) {
        if (!field.empty()) fields.push_back(field);
      }
      constexpr std::size_t kLocal = 1;
      constexpr std::size_t kInode = 9;
      if (fields.size() > kInode && fields[kLocal].ends_with(end) && fields[kInode] != "0")
        inodes.emplace_back(fields[kInode]);
    }
  }
  return inodes;
}

// "nginx (process 812)"; empty where nobody can be found.
std::string process_at(Protocol protocol, std::uint16_t port) {
  const std::vector<std::string> inodes = sockets_at(protocol, port);
  if (inodes.empty()) return {};
  for (const std::string& pid : kernel::list_directory("/proc").value_or(std::vector<std::string>())) {
    if (!parse_unsigned(pid)) continue;
    const std::string descriptors = "/proc/" + pid + "/fd";
    for (const std::string& number : kernel::list_directory(descriptors).value_or(std::vector<std::string>())) {
      const std::string target = kernel::read_link(descriptors + "/" + number).value_or("");
      const bool is_it =
          std::ranges::any_of(inodes, [&](const std::string& inode) { return target == "socket:[" + inode + "]"; });
      if (!is_it) continue;
      std::string name = kernel::read_file("/proc/" + pid + "/comm").value_or("");
      while (name.ends_with('\n')) name.pop_back();
      return fmt::format("{} (process {})", name, pid);
    }
  }
  return {};
}

Error why(int number, const Published& port, Family family) {
  const std::string place = fmt::format("{}/{}", host_side(port, family), protocol_name(port.protocol));
  if (number == EADDRINUSE) {
    const std::string holder = process_at(port.protocol, port.host_port);
    return {.call = "bind",
            .number = number,
            .operand = place,
            .hint = holder.empty() ? "the port is taken: -p 0:… or -p :… takes one that is free"
                                   : fmt::format("{} has the port", holder)};
  }
  Error error{.call = "bind", .number = number, .operand = place};
  if (number == EADDRNOTAVAIL) error.hint = "no interface of this host has that address: ip address lists them";
  return error;
}

// Bound, or the errno.
std::expected<Fd, int> bind_port(const Published& port, Family family) {
  Fd socket(::socket(native(family), socket_type(port.protocol) | SOCK_CLOEXEC, protocol_number(port.protocol)));
  if (!socket) return std::unexpected(errno);
  const int one = 1;
  if (family == Family::kIpv6) (void)::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  const SocketAddress address = socket_address(port.host_address, family, port.host_port);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0)
    return std::unexpected(errno);
  return socket;
}

// One port in all of its families. A number that is chosen by the kernel for the first may be taken in the second.
std::expected<HeldPort, int> bind_in_all(Published port, const std::vector<Address>& targets, std::vector<Fd>& sockets,
                                         Family& failed_in) {
  const bool is_chosen = port.host_port == 0;
  int number = EADDRINUSE;
  for (int tries = 0; tries < (is_chosen ? kPortsFree : 1) && number == EADDRINUSE; ++tries) {
    std::vector<Fd> bound;
    if (is_chosen) port.host_port = 0;
    number = 0;
    for (const Address& target : targets) {
      failed_in = target.family;
      auto socket = bind_port(port, target.family);
      if (!socket) {
        number = socket.error();
        break;
      }
      if (port.host_port == 0) port.host_port = port_of(socket->get());
      bound.push_back(std::move(*socket));
    }
    if (number != 0) continue;
    std::ranges::move(bound, std::back_inserter(sockets));
    return HeldPort{.port = port, .containers = targets};
  }
  return std::unexpected(number);
}

Result<> hold(const PortChoice& choice, const std::vector<Address>& containers, HostPorts& held) {
  const std::vector<Address> targets = targets_of(choice.host_address, containers);
  if (targets.empty()) {
    return fail(complaint(
        containers.empty() ? std::string("it has no address on a network that ports lead into")
                           : fmt::format("{} is of another family than its addresses", to_text(*choice.host_address)),
        containers.empty() ? "" : "caisson network create --ipv6 makes networks with both"));
  }
  for (unsigned i = 0; i < choice.count; ++i) {
    Published port{
        .host_address = choice.host_address,
        .host_port = choice.host_port == 0 ? std::uint16_t{0} : static_cast<std::uint16_t>(choice.host_port + i),
        .container_port = static_cast<std::uint16_t>(choice.container_port + i),
        .protocol = choice.protocol};
    const unsigned candidates = std::max<unsigned>(choice.host_count, 1);
    Family family = Family::kIpv4;
    for (unsigned candidate = 0;; ++candidate) {
      const auto bound = bind_in_all(port, targets, held.sockets, family);
      if (bound) {
        held.ports.push_back(*bound);
        break;
      }
      if (candidate + 1 >= candidates || bound.error() != EADDRINUSE) return fail(why(bound.error(), port, family));
      ++port.host_port;
    }
  }
  return {};
}

}  // namespace

Result<HostPorts> hold_ports(const std::vector<PortChoice>& choices, const std::vector<Address>& containers) {
  HostPorts held;
  for (const PortChoice& choice : choices) TRY_IN(choice.typed, hold(choice, containers, held));
  return held;
}

std::vector<Address> targets_of(const std::optional<Address>& host_address, const std::vector<Address>& containers) {
  std::vector<Address> targets;
  for (const Address& container : containers) {
    if (!host_address || host_address->family == container.family) targets.push_back(container);
  }
  return targets;
}

bool is_taken(const Error& error) { return error.call == "bind" && error.number == EADDRINUSE; }

}  // namespace caisson::network
