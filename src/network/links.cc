#include "network/links.h"

#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

#include "kernel/files.h"
#include "network/netlink_socket.h"

namespace caisson::network {

namespace {

constexpr const char* kOwnNamespace = "/proc/self/ns/net";

// The attributes behind a header of `skip` bytes.
std::string_view behind(std::string_view payload, std::size_t skip) {
  payload.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(skip), payload.size()));
  return payload;
}

std::optional<Address> address_of(int family, std::string_view bytes) {
  Address address{.family = family == AF_INET6 ? Family::kIpv6 : Family::kIpv4};
  if ((family != AF_INET && family != AF_INET6) || bytes.size() != address.size()) return std::nullopt;
  std::memcpy(address.bytes.data(), bytes.data(), bytes.size());
  return address;
}

template <class Head>
Result<> dump(std::uint16_t type, const Head& head, std::string about,
              const std::function<void(std::string_view)>& visit) {
  NetlinkSocket socket = TRY(NetlinkSocket::route());
  Batch batch;
  batch.begin(type, NLM_F_DUMP, head, std::move(about));
  return socket.ask(batch, [&](std::uint16_t, std::string_view payload) {
    if (payload.size() >= sizeof head) visit(payload);
  });
}

Result<std::map<int, std::string>> names_by_index() {
  std::map<int, std::string> names;
  TRY(dump(RTM_GETLINK, ifinfomsg{}, "list the devices", [&](std::string_view payload) {
    ifinfomsg head{};
    std::memcpy(&head, payload.data(), sizeof head);
    each_attribute(behind(payload, sizeof head), [&](int type, std::string_view bytes) {
      if (type == IFLA_IFNAME && !bytes.empty()) names[head.ifi_index] = std::string(bytes.substr(0, bytes.size() - 1));
    });
  }));
  return names;
}

}  // namespace

int device_index(const std::string& name) { return static_cast<int>(::if_nametoindex(name.c_str())); }

Result<std::vector<std::string>> device_names() {
  std::vector<std::string> names;
  for (auto& [index, name] : TRY(names_by_index())) names.push_back(name);
  return names;
}

Result<std::vector<std::string>> ports_of_bridge(const std::string& name) {
  std::vector<std::string> ports;
  const int bridge = device_index(name);
  if (bridge == 0) return ports;
  TRY(dump(RTM_GETLINK, ifinfomsg{}, "list the devices", [&](std::string_view payload) {
    std::string device;
    bool is_port = false;
    each_attribute(behind(payload, sizeof(ifinfomsg)), [&](int type, std::string_view bytes) {
      if (type == IFLA_IFNAME && !bytes.empty()) device = std::string(bytes.substr(0, bytes.size() - 1));
      int master = 0;
      if (type == IFLA_MASTER && bytes.size() == sizeof master) std::memcpy(&master, bytes.data(), sizeof master);
      if (type == IFLA_MASTER) is_port = master == bridge;
    });
    if (is_port) ports.push_back(std::move(device));
  }));
  return ports;
}

Result<std::vector<DeviceAddress>> device_addresses() {
  const std::map<int, std::string> names = TRY(names_by_index());
  std::vector<DeviceAddress> addresses;
  TRY(dump(RTM_GETADDR, ifaddrmsg{}, "list the addresses", [&](std::string_view payload) {
    ifaddrmsg head{};
    std::memcpy(&head, payload.data(), sizeof head);
    std::optional<Address> local;
    each_attribute(behind(payload, sizeof head), [&](int type, std::string_view bytes) {
      if (type == IFA_LOCAL || (type == IFA_ADDRESS && !local)) local = address_of(head.ifa_family, bytes);
    });
    const auto name = names.find(static_cast<int>(head.ifa_index));
    if (local && name != names.end()) addresses.push_back({name->second, *local, head.ifa_prefixlen});
  }));
  return addresses;
}

Result<std::vector<Subnet>> used_subnets() {
  std::vector<Subnet> subnets;
  TRY(dump(RTM_GETROUTE, rtmsg{}, "list the routes", [&](std::string_view payload) {
    rtmsg head{};
    std::memcpy(&head, payload.data(), sizeof head);
    if (head.rtm_dst_len == 0 || head.rtm_type != RTN_UNICAST) return;
    each_attribute(behind(payload, sizeof head), [&](int type, std::string_view bytes) {
      const auto address = type == RTA_DST ? address_of(head.rtm_family, bytes) : std::nullopt;
      if (address) subnets.push_back({*address, head.rtm_dst_len});
    });
  }));
  return subnets;
}

std::uint64_t own_namespace() {
  struct stat status{};
  return ::stat(kOwnNamespace, &status) == 0 ? status.st_ino : 0;
}

Result<Visit> Visit::to(int network_namespace) {
  Fd own = TRY(kernel::open_file(kOwnNamespace, O_RDONLY));
  if (::setns(network_namespace, CLONE_NEWNET) != 0)
    return fail(os_error("setns", "the container's network namespace"));
  return Visit(std::move(own));
}

Visit::~Visit() {
  if (own_ && ::setns(own_.get(), CLONE_NEWNET) != 0) ::abort();  // all that follows would happen in the wrong network
}

Result<> set_parameter(const std::string& name, std::string_view value) {
  const std::string path = "/proc/sys/net/" + name;
  std::string now = kernel::read_file(path).value_or("");
  while (now.ends_with('\n')) now.pop_back();
  if (now == value) return {};
  const Fd file = TRY(kernel::open_file(path, O_WRONLY));
  return kernel::write_all(file.get(), value, path);
}

}  // namespace caisson::network
