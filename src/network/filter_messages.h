// caisson's table of nftables, `inet caisson`, as requests of nfnetlink. Pure.
//
// Its rules never change; maps and sets hold what they decide by, and a container adds and removes elements. In the
// words of nft(8):
//
//   map ports4   protocol . port → address . port           published on all of the host's addresses
//   map bound4   address . protocol . port → address . port published on one
//   map ports6, bound6                                       the same of IPv6
//   set bridges      caisson's bridges
//   set masqueraded  those whose containers get the host's address outside
//   set subnets4, subnets6   those of all of them
//   set internal     those whose containers reach nothing outside
//   set same         bridge . bridge: each with itself
//
//   chain publish:     dnat to what the maps say
//   chain prerouting:  (nat, dstnat)   fib daddr type local jump publish
//   chain output:      (nat, -100)     fib daddr type local jump publish
//   chain postrouting: (nat, srcnat)   iifname @masqueraded oifname != @bridges masquerade
//                                      ip saddr @subnets4 oifname @bridges ct status dnat masquerade; the same of IPv6
//                                      ip saddr 127.0.0.0/8 oifname @bridges masquerade
//   chain forward:     (filter)        ct state established,related accept
//                                      iifname . oifname @same accept
//                                      iifname @internal drop
//                                      ct status dnat accept
//                                      oifname @bridges drop
//   chain raw:         (filter, raw)   iifname != "lo" ip daddr 127.0.0.0/8 drop
//
// A container that asks for one of its own networks by an address of the host gets its answer by the host: by the
// source, since a bridge's own hooks (br_netfilter) do not know where a packet came in.
//
// What is not published is not reached from outside, one network's containers not from another's. The last chain keeps
// others from 127.0.0.0/8, which bridges let through (route_localnet) for the host's own loopback to reach what is
// published.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "network/address.h"
#include "network/message.h"
#include "network/port.h"

namespace caisson::network {

inline constexpr std::string_view kTable = "caisson";

/// A transaction: what is between the two happens as a whole or not at all.
void begin_transaction(Batch& batch);
void end_transaction(Batch& batch);

/// The table with its sets, maps, chains and rules. EEXIST where it is there.
void add_table(Batch& batch);
void delete_table(Batch& batch);
/// Answers with the table, or ENOENT.
void get_table(Batch& batch);

enum class Change { kAdd, kRemove };

/// What a bridge is, among the sets.
struct BridgeRole {
  std::vector<Subnet> subnets;
  bool masqueraded = true;
  bool internal = false;
};
void change_bridge(Batch& batch, Change change, std::string_view name, const BridgeRole& role);

/// `port`, which leads to `container`. Adding one that is there already fails with EEXIST.
void change_port(Batch& batch, Change change, const Published& port, const Address& container);

/// Asks for all elements of a map of ports; each message of the answer is read by read_elements().
void list_elements(Batch& batch, std::string_view map);
inline constexpr std::string_view kPortMaps[] = {"ports4", "bound4", "ports6", "bound6"};

/// An element of those maps: a port of the host, and where it leads.
struct PortElement {
  Published port;
  Address container;
};
/// Those in one message of the answer: its bytes behind the nfgenmsg. What is no such element is left out.
std::vector<PortElement> read_elements(std::string_view map, std::string_view attributes);

}  // namespace caisson::network
