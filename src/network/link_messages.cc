#include "network/link_messages.h"

#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace caisson::network {

namespace {

constexpr std::string_view kPrefix = "cs";
constexpr std::size_t kIdDigits = 11;
constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";

std::uint8_t native(Family family) { return family == Family::kIpv4 ? AF_INET : AF_INET6; }

ifinfomsg link(int index = 0, bool up = false) {
  ifinfomsg head{};
  head.ifi_index = index;
  if (up) head.ifi_flags = head.ifi_change = IFF_UP;
  return head;
}

std::string_view mac_bytes(const Mac& mac) { return {reinterpret_cast<const char*>(mac.data()), mac.size()}; }

void mtu_of(Batch& batch, std::uint32_t mtu) {
  if (mtu != 0) batch.number32(IFLA_MTU, mtu);
}

}  // namespace

void add_veth(Batch& batch, const VethPair& pair) {
  batch.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link(),
              fmt::format("add the pair of devices {} and {}", pair.host_name, pair.name));
  batch.text(IFLA_IFNAME, pair.host_name);
  mtu_of(batch, pair.mtu);
  if (pair.bridge != 0) batch.number32(IFLA_MASTER, static_cast<std::uint32_t>(pair.bridge));
  batch.open(IFLA_LINKINFO);
  batch.text(IFLA_INFO_KIND, "veth");
  batch.open(IFLA_INFO_DATA);
  batch.open(VETH_INFO_PEER);
  const ifinfomsg peer = link();
  batch.raw({reinterpret_cast<const char*>(&peer), sizeof peer});
  batch.text(IFLA_IFNAME, pair.name);
  mtu_of(batch, pair.mtu);
  batch.bytes(IFLA_ADDRESS, mac_bytes(pair.mac));
  batch.number32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(pair.network_namespace));
  batch.close();
  batch.close();
  batch.close();
}

void add_shared(Batch& batch, const SharedDevice& device) {
  const bool is_macvlan = device.type == "macvlan";
  batch.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link(),
              fmt::format("add the {} device {}", device.type, device.name));
  batch.text(IFLA_IFNAME, device.name);
  mtu_of(batch, device.mtu);
  batch.number32(IFLA_LINK, static_cast<std::uint32_t>(device.parent));
  batch.number32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(device.network_namespace));
  if (is_macvlan) batch.bytes(IFLA_ADDRESS, mac_bytes(device.mac));
  batch.open(IFLA_LINKINFO);
  batch.text(IFLA_INFO_KIND, device.type);
  batch.open(IFLA_INFO_DATA);
  if (is_macvlan)
    batch.number32(IFLA_MACVLAN_MODE, device.mode);
  else
    batch.number16(IFLA_IPVLAN_MODE, static_cast<std::uint16_t>(device.mode));
  batch.close();
  batch.close();
}

void add_bridge(Batch& batch, std::string_view name, std::uint32_t mtu, const Mac& mac) {
  batch.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link(0, true), fmt::format("add the bridge {}", name));
  batch.text(IFLA_IFNAME, name);
  batch.bytes(IFLA_ADDRESS, mac_bytes(mac));
  mtu_of(batch, mtu);
  batch.open(IFLA_LINKINFO);
  batch.text(IFLA_INFO_KIND, "bridge");
  batch.open(IFLA_INFO_DATA);
  // Nobody asks on it who listens to what, so that all is flooded anyway, and the bridge would set a timer of each of
  // its ports anew whenever one comes or goes.
  batch.number8(IFLA_BR_MCAST_SNOOPING, 0);
  batch.close();
  batch.close();
}

void delete_device(Batch& batch, std::string_view name) {
  batch.begin(RTM_DELLINK, 0, link(), fmt::format("remove the device {}", name));
  batch.text(IFLA_IFNAME, name);
}

void delete_device(Batch& batch, int index) {
  batch.begin(RTM_DELLINK, 0, link(index), fmt::format("remove the device with the number {}", index));
}

void set_hairpin(Batch& batch, std::string_view name) {
  batch.begin(RTM_NEWLINK, 0, link(), fmt::format("set the hairpin mode of {}", name));
  batch.text(IFLA_IFNAME, name);
  batch.open(IFLA_LINKINFO);
  batch.text(IFLA_INFO_SLAVE_KIND, "bridge");
  batch.open(IFLA_INFO_SLAVE_DATA);
  batch.number8(IFLA_BRPORT_MODE, 1);
  batch.close();
  batch.close();
}

void set_no_own_addresses(Batch& batch, std::string_view name) {
  batch.begin(RTM_NEWLINK, 0, link(), fmt::format("leave {} without addresses that the kernel makes up", name));
  batch.text(IFLA_IFNAME, name);
  batch.open(IFLA_AF_SPEC);
  batch.open(AF_INET6);
  batch.number8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  batch.close();
  batch.close();
}

void set_up(Batch& batch, std::string_view name) {
  batch.begin(RTM_NEWLINK, 0, link(0, true), fmt::format("set the device {} up", name));
  batch.text(IFLA_IFNAME, name);
}

void add_address(Batch& batch, int index, const Address& address, int prefix) {
  ifaddrmsg head{};
  head.ifa_family = native(address.family);
  head.ifa_prefixlen = static_cast<std::uint8_t>(prefix);
  head.ifa_index = static_cast<std::uint32_t>(index);
  head.ifa_flags = IFA_F_PERMANENT | (address.family == Family::kIpv6 ? IFA_F_NODAD : 0);
  batch.begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, head,
              fmt::format("add the address {}/{}", to_text(address), prefix));
  batch.bytes(IFA_LOCAL, address.raw());
  batch.bytes(IFA_ADDRESS, address.raw());
  if (address.family == Family::kIpv4 && prefix < 31) {
    Subnet subnet{address, prefix};
    batch.bytes(IFA_BROADCAST, last_address(subnet).raw());
  }
}

void add_route(Batch& batch, int index, const Subnet& to, const Address& gateway, std::uint32_t metric) {
  rtmsg head{};
  head.rtm_family = native(gateway.family);
  head.rtm_dst_len = static_cast<std::uint8_t>(to.prefix);
  head.rtm_table = RT_TABLE_MAIN;
  head.rtm_protocol = RTPROT_STATIC;
  head.rtm_scope = RT_SCOPE_UNIVERSE;
  head.rtm_type = RTN_UNICAST;
  const std::uint16_t others = to.prefix == 0 ? NLM_F_REPLACE : NLM_F_EXCL;
  batch.begin(RTM_NEWROUTE, static_cast<std::uint16_t>(NLM_F_CREATE | others), head,
              fmt::format("add the route {} by {}", to.prefix == 0 ? "default" : to_text(to), to_text(gateway)));
  if (to.prefix != 0) batch.bytes(RTA_DST, to.base.raw());
  batch.bytes(RTA_GATEWAY, gateway.raw());
  batch.number32(RTA_OIF, static_cast<std::uint32_t>(index));
  if (metric != 0) batch.number32(RTA_PRIORITY, metric);
}

std::string host_device_name(std::string_view container_id, unsigned number) {
  return fmt::format("{}{}{}", kPrefix, container_id.substr(0, kIdDigits), kDigits[number % kMostNetworks]);
}

bool is_host_device_name(std::string_view name) {
  if (!name.starts_with(kPrefix) || name.size() != kPrefix.size() + kIdDigits + 1) return false;
  const std::string_view id = name.substr(kPrefix.size(), kIdDigits);
  return id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Mac made_mac(std::string_view container_id, unsigned number) {
  Mac mac{0x02};
  for (std::size_t i = 1; i < mac.size(); ++i) {
    unsigned byte = 0;
    for (const char c : container_id.substr(std::min(2 * i + kIdDigits, container_id.size()), 2))
      byte = byte * 16 + static_cast<unsigned>(kDigits.find(c) & 15U);
    mac[i] = static_cast<std::uint8_t>(byte);
  }
  mac[5] = static_cast<std::uint8_t>(mac[5] + number);
  return mac;
}

}  // namespace caisson::network
