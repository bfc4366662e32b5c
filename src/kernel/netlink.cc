#include "kernel/netlink.h"

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>

#include "kernel/syscalls.h"

namespace caisson::kernel {

namespace {

constexpr std::size_t kReplyBytes = 32768;  // what the kernel's dumps are at most (netlink_dump())
constexpr std::size_t kRequestBytes = 512;
constexpr std::size_t kMostAddresses = 64;
constexpr std::size_t kAddressBytes = 256;

// Where the device stays between its two names: no other can have it meanwhile, and it is found by it.
constexpr const char* kPassingName = "caisson.moving";

// One request in the making; rtnetlink's attributes are aligned to four bytes.
class Request {
 public:
  template <class Header>
  Request(std::uint16_t type, std::uint16_t flags, const Header& header) noexcept {
    auto* message = start(type, flags);
    std::memcpy(NLMSG_DATA(message), &header, sizeof header);
    message->nlmsg_len = NLMSG_LENGTH(sizeof header);
  }

  void attribute(std::uint16_t type, const void* data, std::size_t size) noexcept {
    nlmsghdr* message = header();
    const std::size_t at = NLMSG_ALIGN(message->nlmsg_len);
    if (at + RTA_SPACE(size) > bytes_.size()) return;  // a name and an address are far from it
    const rtattr head{static_cast<unsigned short>(RTA_LENGTH(size)), type};
    std::memcpy(bytes_.data() + at, &head, sizeof head);
    std::memcpy(bytes_.data() + at + RTA_LENGTH(0), data, size);
    message->nlmsg_len = static_cast<std::uint32_t>(at + RTA_LENGTH(size));
  }
  void attributes(const char* data, std::size_t size) noexcept {
    nlmsghdr* message = header();
    const std::size_t at = NLMSG_ALIGN(message->nlmsg_len);
    if (at + size > bytes_.size()) return;
    std::memcpy(bytes_.data() + at, data, size);
    message->nlmsg_len = static_cast<std::uint32_t>(at + size);
  }

  bool send(int netlink) noexcept {
    struct sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    return retry([&] {
             return ::sendto(netlink, bytes_.data(), header()->nlmsg_len, 0, reinterpret_cast<sockaddr*>(&kernel),
                             sizeof kernel);
           }) >= 0;
  }

 private:
  nlmsghdr* header() noexcept { return reinterpret_cast<nlmsghdr*>(bytes_.data()); }
  nlmsghdr* start(std::uint16_t type, std::uint16_t flags) noexcept {
    nlmsghdr* message = header();
    message->nlmsg_type = type;
    message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    return message;
  }
  alignas(nlmsghdr) std::array<char, kRequestBytes> bytes_{};
};

// Calls `visit(message)` for each message of the answer until its end; false and errno if the kernel says no.
template <class Visit>
bool receive(int netlink, bool is_dump, Visit visit) noexcept {
  alignas(nlmsghdr) char reply[kReplyBytes];
  for (;;) {
    const ssize_t got = retry([&] { return ::recv(netlink, reply, sizeof reply, 0); });
    if (got < 0) return false;
    auto left = static_cast<std::uint32_t>(got);
    for (auto* message = reinterpret_cast<nlmsghdr*>(reply); NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_type == NLMSG_DONE) return true;
      if (message->nlmsg_type == NLMSG_ERROR) {
        nlmsgerr answer{};
        std::memcpy(&answer, NLMSG_DATA(message), sizeof answer);
        errno = -answer.error;
        return answer.error == 0;
      }
      visit(*message);
      if (!is_dump) return true;
    }
  }
}

bool ask(int netlink, Request& request) noexcept {
  return request.send(netlink) && receive(netlink, true, [](const nlmsghdr&) {});
}

ifinfomsg about(int index) noexcept {
  ifinfomsg link{};
  link.ifi_family = AF_UNSPEC;
  link.ifi_index = index;
  return link;
}

bool rename(int netlink, int index, const char* name) noexcept {
  Request request(RTM_NEWLINK, NLM_F_ACK, about(index));
  request.attribute(IFLA_IFNAME, name, std::strlen(name) + 1);
  return ask(netlink, request);
}

bool set_flags(int netlink, int index, unsigned flags) noexcept {
  ifinfomsg link = about(index);
  link.ifi_flags = flags;
  link.ifi_change = IFF_UP;
  Request request(RTM_NEWLINK, NLM_F_ACK, link);
  return ask(netlink, request);
}

bool send_to(int netlink, int index, int network_namespace) noexcept {
  Request request(RTM_NEWLINK, NLM_F_ACK, about(index));
  request.attribute(IFLA_NET_NS_FD, &network_namespace, sizeof network_namespace);
  request.attribute(IFLA_IFNAME, kPassingName, std::strlen(kPassingName) + 1);
  return ask(netlink, request);
}

// An address with those of its attributes that say what it is.
struct Address {
  ifaddrmsg head;
  std::array<char, kAddressBytes> attributes;
  std::size_t size = 0;
};

struct Addresses {
  std::array<Address, kMostAddresses> list;
  std::size_t count = 0;

  void note(const nlmsghdr& message, int index) noexcept {
    ifaddrmsg head{};
    std::memcpy(&head, NLMSG_DATA(&message), sizeof head);
    const bool wanted = static_cast<int>(head.ifa_index) == index && head.ifa_scope == RT_SCOPE_UNIVERSE &&
                        (head.ifa_flags & IFA_F_PERMANENT) != 0;
    if (message.nlmsg_type != RTM_NEWADDR || !wanted || count == list.size()) return;
    Address& address = list[count];
    address.head = head;
    address.size = 0;
    auto left = static_cast<std::uint32_t>(IFA_PAYLOAD(&message));
    for (auto* each = IFA_RTA(NLMSG_DATA(&message)); RTA_OK(each, left); each = RTA_NEXT(each, left)) {
      const bool tells = each->rta_type == IFA_LOCAL || each->rta_type == IFA_ADDRESS ||
                         each->rta_type == IFA_BROADCAST || each->rta_type == IFA_ANYCAST;
      const std::size_t space = RTA_SPACE(RTA_PAYLOAD(each));
      if (!tells || address.size + space > address.attributes.size()) continue;
      std::memset(address.attributes.data() + address.size, 0, space);
      std::memcpy(address.attributes.data() + address.size, each, each->rta_len);
      address.size += space;
    }
    ++count;
  }
};

bool list_addresses(int netlink, int index, Addresses& addresses) noexcept {
  ifaddrmsg all{};
  all.ifa_family = AF_UNSPEC;
  Request request(RTM_GETADDR, NLM_F_DUMP, all);
  return request.send(netlink) &&
         receive(netlink, true, [&](const nlmsghdr& message) { addresses.note(message, index); });
}

bool add_addresses(int netlink, int index, const Addresses& addresses) noexcept {
  for (const Address& each : std::span(addresses.list).first(addresses.count)) {
    ifaddrmsg head = each.head;
    head.ifa_index = static_cast<std::uint32_t>(index);
    Request request(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, head);
    request.attributes(each.attributes.data(), each.size);
    if (!ask(netlink, request)) return false;
  }
  return true;
}

// What is done about the device where it has arrived.
bool settle(int netlink, int index, const char* name, const Addresses& addresses, bool up) noexcept {
  return rename(netlink, index, name) && add_addresses(netlink, index, addresses) &&
         (!up || set_flags(netlink, index, IFF_UP));
}

bool name_of(int netlink, int index, char (&name)[IF_NAMESIZE]) noexcept {
  Request request(RTM_GETLINK, 0, about(index));
  return request.send(netlink) && receive(netlink, false, [&](const nlmsghdr& message) {
           auto left = static_cast<std::uint32_t>(IFLA_PAYLOAD(&message));
           const auto* link = static_cast<const ifinfomsg*>(NLMSG_DATA(&message));
           for (const auto* each = IFLA_RTA(link); RTA_OK(each, left); each = RTA_NEXT(each, left)) {
             if (each->rta_type == IFLA_IFNAME && RTA_PAYLOAD(each) <= sizeof name)
               std::memcpy(name, RTA_DATA(each), RTA_PAYLOAD(each));
           }
         });
}

}  // namespace

int open_netlink() noexcept { return ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE); }

bool find_device(int netlink, const char* name, NetworkDevice& device) noexcept {
  Request request(RTM_GETLINK, 0, about(0));
  request.attribute(IFLA_IFNAME, name, std::strlen(name) + 1);
  return request.send(netlink) && receive(netlink, false, [&](const nlmsghdr& message) {
           ifinfomsg link{};
           std::memcpy(&link, NLMSG_DATA(&message), sizeof link);
           device = {link.ifi_index, (link.ifi_flags & IFF_UP) != 0};
         });
}

int move_device(int from, int from_namespace, int to, int to_namespace, int index, const char* name, bool up) noexcept {
  Addresses addresses;
  char old_name[IF_NAMESIZE] = "";
  NetworkDevice device;
  if (!name_of(from, index, old_name) || !find_device(from, old_name, device)) return -1;
  if (!list_addresses(from, index, addresses) || !send_to(from, index, to_namespace)) return -1;
  NetworkDevice arrived;
  if (!find_device(to, kPassingName, arrived)) return -1;
  if (settle(to, arrived.index, name, addresses, up)) return arrived.index;
  const int error = errno;
  if (send_to(to, arrived.index, from_namespace) && find_device(from, kPassingName, arrived))
    settle(from, arrived.index, old_name, addresses, device.is_up);
  errno = error;
  return -1;
}

}  // namespace caisson::kernel
