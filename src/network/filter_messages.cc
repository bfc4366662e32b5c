#include "network/filter_messages.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

namespace caisson::network {

namespace {

// What nft(8) calls its types, for its listing (nftables, include/datatype.h); of a concatenation, six bits each.
constexpr std::uint32_t kIpv4Type = 7;
constexpr std::uint32_t kIpv6Type = 8;
constexpr std::uint32_t kProtocolType = 12;
constexpr std::uint32_t kServiceType = 13;
constexpr std::uint32_t kInterfaceType = 41;
constexpr std::uint32_t joined(std::uint32_t one, std::uint32_t other) { return one << 6 | other; }

constexpr std::uint32_t kWord = 4;  // what each part of a concatenation is rounded up to
constexpr std::uint32_t kName = IFNAMSIZ;

struct SetRow {
  std::string_view name;
  std::uint32_t key_type;
  std::uint32_t key_bytes;
  std::uint32_t data_type = 0;
  std::uint32_t data_bytes = 0;
  bool of_ranges = false;
};
constexpr std::uint32_t kPortKey = joined(kProtocolType, kServiceType);
constexpr std::uint32_t kBound4Key = joined(joined(kIpv4Type, kProtocolType), kServiceType);
constexpr std::uint32_t kBound6Key = joined(joined(kIpv6Type, kProtocolType), kServiceType);
constexpr std::array kSets = {
    SetRow{"ports4", kPortKey, 2 * kWord, joined(kIpv4Type, kServiceType), 4 + kWord},
    SetRow{"bound4", kBound4Key, 4 + 2 * kWord, joined(kIpv4Type, kServiceType), 4 + kWord},
    SetRow{"ports6", kPortKey, 2 * kWord, joined(kIpv6Type, kServiceType), 16 + kWord},
    SetRow{"bound6", kBound6Key, 16 + 2 * kWord, joined(kIpv6Type, kServiceType), 16 + kWord},
    SetRow{"bridges", kInterfaceType, kName},
    SetRow{"masqueraded", kInterfaceType, kName},
    SetRow{"internal", kInterfaceType, kName},
    SetRow{"subnets4", kIpv4Type, 4, 0, 0, true},
    SetRow{"subnets6", kIpv6Type, 16, 0, 0, true},
    SetRow{"same", joined(kInterfaceType, kInterfaceType), 2 * kName},
};

struct ChainRow {
  std::string_view name;
  std::string_view type;  // empty: one that is jumped to
  std::uint32_t hook = 0;
  std::int32_t priority = 0;
};
constexpr std::array kChains = {ChainRow{"publish", ""},
                                ChainRow{"prerouting", "nat", NF_INET_PRE_ROUTING, -100},
                                ChainRow{"output", "nat", NF_INET_LOCAL_OUT, -100},
                                ChainRow{"postrouting", "nat", NF_INET_POST_ROUTING, 100},
                                ChainRow{"forward", "filter", NF_INET_FORWARD, 0},
                                ChainRow{"raw", "filter", NF_INET_PRE_ROUTING, -300}};

nfgenmsg head(std::uint8_t family = NFPROTO_INET) {
  return {.nfgen_family = family, .version = NFNETLINK_V0, .res_id = 0};
}

void begin(Batch& batch, int message, int flags, std::string about) {
  batch.begin(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message), static_cast<std::uint16_t>(flags),
              head(), std::move(about));
}

template <class Value>
std::string bytes_of(const Value& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string padded(std::string text, std::size_t size) {
  text.resize(size);
  return text;
}

// Registers of four bytes; those of sixteen that begin at the same place are told by the same number.
constexpr std::uint32_t reg(std::uint32_t word) { return NFT_REG32_00 + word; }

// A rule in the making: its expressions, one after the other.
class Rule {
 public:
  Rule(Batch& batch, std::string_view chain) : batch_(batch) {
    begin(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, fmt::format("add a rule to the chain {}", chain));
    batch.text(NFTA_RULE_TABLE, kTable);
    batch.text(NFTA_RULE_CHAIN, chain);
    batch.open(NFTA_RULE_EXPRESSIONS);
  }
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;
  ~Rule() { batch_.close(); }

  Rule& meta(std::uint32_t key, std::uint32_t word = 0) {
    open("meta");
    batch_.network32(NFTA_META_KEY, key);
    batch_.network32(NFTA_META_DREG, reg(word));
    return shut();
  }
  Rule& payload(std::uint32_t base, std::uint32_t offset, std::uint32_t size, std::uint32_t word = 0) {
    open("payload");
    batch_.network32(NFTA_PAYLOAD_DREG, reg(word));
    batch_.network32(NFTA_PAYLOAD_BASE, base);
    batch_.network32(NFTA_PAYLOAD_OFFSET, offset);
    batch_.network32(NFTA_PAYLOAD_LEN, size);
    return shut();
  }
  Rule& compare(std::uint32_t how, std::string_view value) {
    open("cmp");
    batch_.network32(NFTA_CMP_SREG, reg(0));
    batch_.network32(NFTA_CMP_OP, how);
    data(NFTA_CMP_DATA, value);
    return shut();
  }
  Rule& in_set(std::string_view set, bool inverted = false) {
    return lookup(set, inverted ? NFT_LOOKUP_F_INV : 0, false);
  }
  Rule& from_map(std::string_view map) { return lookup(map, 0, true); }

  // ct KEY & bits != 0
  Rule& conntrack(std::uint32_t key, std::uint32_t bits) {
    open("ct");
    batch_.network32(NFTA_CT_KEY, key);
    batch_.network32(NFTA_CT_DREG, reg(0));
    shut();
    open("bitwise");
    batch_.network32(NFTA_BITWISE_SREG, reg(0));
    batch_.network32(NFTA_BITWISE_DREG, reg(0));
    batch_.network32(NFTA_BITWISE_LEN, sizeof bits);
    data(NFTA_BITWISE_MASK, bytes_of(bits));
    data(NFTA_BITWISE_XOR, bytes_of(std::uint32_t{0}));
    shut();
    return compare(NFT_CMP_NEQ, bytes_of(std::uint32_t{0}));
  }
  Rule& to_own_address() {
    open("fib");
    batch_.network32(NFTA_FIB_DREG, reg(0));
    batch_.network32(NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
    batch_.network32(NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
    shut();
    return compare(NFT_CMP_EQ, bytes_of(std::uint32_t{RTN_LOCAL}));
  }
  Rule& family(std::uint8_t protocol) {
    return meta(NFT_META_NFPROTO).compare(NFT_CMP_EQ, {reinterpret_cast<const char*>(&protocol), 1});
  }
  // The first byte of an IPv4 address, at `offset` of the header, is 127.
  Rule& loopback(std::uint32_t offset) {
    return family(NFPROTO_IPV4).payload(NFT_PAYLOAD_NETWORK_HEADER, offset, 1).compare(NFT_CMP_EQ, "\x7f");
  }

  Rule& masquerade() { return open("masq").shut(); }
  Rule& destination(std::uint32_t protocol, std::uint32_t port_word) {
    open("nat");
    batch_.network32(NFTA_NAT_TYPE, NFT_NAT_DNAT);
    batch_.network32(NFTA_NAT_FAMILY, protocol);
    batch_.network32(NFTA_NAT_REG_ADDR_MIN, reg(0));
    batch_.network32(NFTA_NAT_REG_PROTO_MIN, reg(port_word));
    return shut();
  }
  Rule& verdict(int code, std::string_view chain = {}) {
    open("immediate");
    batch_.network32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    batch_.open(NFTA_IMMEDIATE_DATA);
    batch_.open(NFTA_DATA_VERDICT);
    batch_.network32(NFTA_VERDICT_CODE, static_cast<std::uint32_t>(code));
    if (!chain.empty()) batch_.text(NFTA_VERDICT_CHAIN, chain);
    batch_.close();
    batch_.close();
    return shut();
  }

 private:
  Rule& open(std::string_view name) {
    batch_.open(NFTA_LIST_ELEM);
    batch_.text(NFTA_EXPR_NAME, name);
    batch_.open(NFTA_EXPR_DATA);
    return *this;
  }
  Rule& shut() {
    batch_.close();
    batch_.close();
    return *this;
  }
  void data(std::uint16_t type, std::string_view value) {
    batch_.open(type);
    batch_.bytes(NFTA_DATA_VALUE, value);
    batch_.close();
  }
  Rule& lookup(std::string_view set, std::uint32_t flags, bool is_map) {
    open("lookup");
    batch_.text(NFTA_LOOKUP_SET, set);
    batch_.network32(NFTA_LOOKUP_SREG, reg(0));
    if (is_map) batch_.network32(NFTA_LOOKUP_DREG, reg(0));
    if (flags != 0) batch_.network32(NFTA_LOOKUP_FLAGS, flags);
    return shut();
  }

  Batch& batch_;
};

void add_set(Batch& batch, const SetRow& set, std::uint32_t number) {
  begin(batch, NFT_MSG_NEWSET, NLM_F_CREATE, fmt::format("add the set {}", set.name));
  batch.text(NFTA_SET_TABLE, kTable);
  batch.text(NFTA_SET_NAME, set.name);
  batch.network32(NFTA_SET_FLAGS, (set.data_bytes != 0 ? std::uint32_t{NFT_SET_MAP} : 0U) |
                                      (set.of_ranges ? std::uint32_t{NFT_SET_INTERVAL} : 0U));
  batch.network32(NFTA_SET_KEY_TYPE, set.key_type);
  batch.network32(NFTA_SET_KEY_LEN, set.key_bytes);
  if (set.data_bytes != 0) {
    batch.network32(NFTA_SET_DATA_TYPE, set.data_type);
    batch.network32(NFTA_SET_DATA_LEN, set.data_bytes);
  }
  batch.network32(NFTA_SET_ID, number);
  // How nft(8) is to show the keys: names of devices are in the order of this host's bytes
  // (NFTNL_UDATA_SET_KEYBYTEORDER).
  if (set.key_bytes % kName == 0) batch.bytes(NFTA_SET_USERDATA, std::string_view("\0\4\1\0\0\0", 6));
}

void add_chain(Batch& batch, const ChainRow& chain) {
  begin(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, fmt::format("add the chain {}", chain.name));
  batch.text(NFTA_CHAIN_TABLE, kTable);
  batch.text(NFTA_CHAIN_NAME, chain.name);
  if (chain.type.empty()) return;
  batch.open(NFTA_CHAIN_HOOK);
  batch.network32(NFTA_HOOK_HOOKNUM, chain.hook);
  batch.network32(NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(chain.priority));
  batch.close();
  batch.network32(NFTA_CHAIN_POLICY, NF_ACCEPT);
  batch.text(NFTA_CHAIN_TYPE, chain.type);
}

// Protocol and port of the packet, as the maps' keys have them, from register `word` on.
Rule& protocol_and_port(Rule& rule, std::uint32_t word) {
  constexpr std::uint32_t kDestinationPort = 2;
  return rule.meta(NFT_META_L4PROTO, word).payload(NFT_PAYLOAD_TRANSPORT_HEADER, kDestinationPort, 2, word + 1);
}

void add_publish_rules(Batch& batch) {
  constexpr std::uint32_t kIpv4Destination = 16;
  constexpr std::uint32_t kIpv6Destination = 24;
  {
    Rule rule(batch, "publish");
    rule.family(NFPROTO_IPV4).payload(NFT_PAYLOAD_NETWORK_HEADER, kIpv4Destination, 4);
    protocol_and_port(rule, 1).from_map("bound4").destination(NFPROTO_IPV4, 1);
  }
  {
    Rule rule(batch, "publish");
    rule.family(NFPROTO_IPV6).payload(NFT_PAYLOAD_NETWORK_HEADER, kIpv6Destination, 16);
    protocol_and_port(rule, 4).from_map("bound6").destination(NFPROTO_IPV6, 4);
  }
  {
    Rule rule(batch, "publish");
    rule.family(NFPROTO_IPV4);
    protocol_and_port(rule, 0).from_map("ports4").destination(NFPROTO_IPV4, 1);
  }
  {
    Rule rule(batch, "publish");
    rule.family(NFPROTO_IPV6);
    protocol_and_port(rule, 0).from_map("ports6").destination(NFPROTO_IPV6, 4);
  }
}

Rule& both_interfaces(Rule& rule) { return rule.meta(NFT_META_IIFNAME).meta(NFT_META_OIFNAME, kName / kWord); }

void add_other_rules(Batch& batch) {
  constexpr std::uint32_t kIpv4Source = 12;
  constexpr std::uint32_t kIpv4Destination = 16;
  constexpr std::uint32_t kIpv6Source = 8;
  constexpr std::uint32_t kKnown = NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED);
  for (const std::string_view chain : {"prerouting", "output"})
    Rule(batch, chain).to_own_address().verdict(NFT_JUMP, "publish");

  Rule(batch, "postrouting")
      .meta(NFT_META_IIFNAME)
      .in_set("masqueraded")
      .meta(NFT_META_OIFNAME)
      .in_set("bridges", true)
      .masquerade();
  Rule(batch, "postrouting")
      .family(NFPROTO_IPV4)
      .payload(NFT_PAYLOAD_NETWORK_HEADER, kIpv4Source, 4)
      .in_set("subnets4")
      .meta(NFT_META_OIFNAME)
      .in_set("bridges")
      .conntrack(NFT_CT_STATUS, IPS_DST_NAT)
      .masquerade();
  Rule(batch, "postrouting")
      .family(NFPROTO_IPV6)
      .payload(NFT_PAYLOAD_NETWORK_HEADER, kIpv6Source, 16)
      .in_set("subnets6")
      .meta(NFT_META_OIFNAME)
      .in_set("bridges")
      .conntrack(NFT_CT_STATUS, IPS_DST_NAT)
      .masquerade();
  Rule(batch, "postrouting").loopback(kIpv4Source).meta(NFT_META_OIFNAME).in_set("bridges").masquerade();

  Rule(batch, "forward").conntrack(NFT_CT_STATE, kKnown).verdict(NF_ACCEPT);
  {
    Rule rule(batch, "forward");
    both_interfaces(rule).in_set("same").verdict(NF_ACCEPT);
  }
  Rule(batch, "forward").meta(NFT_META_IIFNAME).in_set("internal").verdict(NF_DROP);
  Rule(batch, "forward").conntrack(NFT_CT_STATUS, IPS_DST_NAT).verdict(NF_ACCEPT);
  Rule(batch, "forward").meta(NFT_META_OIFNAME).in_set("bridges").verdict(NF_DROP);

  Rule(batch, "raw")
      .meta(NFT_META_IIFNAME)
      .compare(NFT_CMP_NEQ, padded("lo", kName))
      .loopback(kIpv4Destination)
      .verdict(NF_DROP);
}

void change_element(Batch& batch, Change change, int flags, std::string_view set, std::string_view key,
                    std::string_view data, std::string about) {
  const bool adds = change == Change::kAdd;
  begin(batch, adds ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, adds ? NLM_F_CREATE | flags : 0, std::move(about));
  batch.text(NFTA_SET_ELEM_LIST_TABLE, kTable);
  batch.text(NFTA_SET_ELEM_LIST_SET, set);
  batch.open(NFTA_SET_ELEM_LIST_ELEMENTS);
  batch.open(NFTA_LIST_ELEM);
  batch.open(NFTA_SET_ELEM_KEY);
  batch.bytes(NFTA_DATA_VALUE, key);
  batch.close();
  if (adds && !data.empty()) {
    batch.open(NFTA_SET_ELEM_DATA);
    batch.bytes(NFTA_DATA_VALUE, data);
    batch.close();
  }
  batch.close();
  batch.close();
}

// From the subnet's first address up to the one behind its last.
void change_range(Batch& batch, Change change, const Subnet& subnet) {
  const bool adds = change == Change::kAdd;
  begin(batch, adds ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, adds ? NLM_F_CREATE : 0,
        fmt::format("{} {} {} the subnets", adds ? "add" : "remove", to_text(subnet), adds ? "to" : "from"));
  batch.text(NFTA_SET_ELEM_LIST_TABLE, kTable);
  batch.text(NFTA_SET_ELEM_LIST_SET, subnet.base.family == Family::kIpv4 ? "subnets4" : "subnets6");
  batch.open(NFTA_SET_ELEM_LIST_ELEMENTS);
  const auto add = [&](const Address& address, std::uint32_t flags) {
    batch.open(NFTA_LIST_ELEM);
    if (flags != 0) batch.network32(NFTA_SET_ELEM_FLAGS, flags);
    batch.open(NFTA_SET_ELEM_KEY);
    batch.bytes(NFTA_DATA_VALUE, address.raw());
    batch.close();
    batch.close();
  };
  add(subnet.base, 0);
  if (const auto end = advance(last_address(subnet), 1)) add(*end, NFT_SET_ELEM_INTERVAL_END);
  batch.close();
}

std::string port_bytes(std::uint16_t port) { return padded(bytes_of(htons(port)), kWord); }

std::uint16_t port_at(std::string_view bytes) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) << 8 | static_cast<unsigned char>(bytes[1]));
}

std::string_view map_of(const Published& port, Family family) {
  const bool is_bound = port.host_address.has_value();
  if (family == Family::kIpv4) return is_bound ? "bound4" : "ports4";
  return is_bound ? "bound6" : "ports6";
}

Address address_at(std::string_view bytes, Family family) {
  Address address{.family = family};
  std::memcpy(address.bytes.data(), bytes.data(), address.size());
  return address;
}

std::optional<PortElement> read_element(const SetRow& set, std::string_view element) {
  const std::string_view key = find_attribute(find_attribute(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
  const std::string_view data = find_attribute(find_attribute(element, NFTA_SET_ELEM_DATA), NFTA_DATA_VALUE);
  if (key.size() != set.key_bytes || data.size() != set.data_bytes) return std::nullopt;
  const Family family = set.data_bytes == 4 + kWord ? Family::kIpv4 : Family::kIpv6;
  PortElement read{.port = {}, .container = address_at(data, family)};
  const std::size_t bound = key.size() - 2 * kWord;
  if (bound != 0) read.port.host_address = address_at(key, family);
  for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp}) {
    if (protocol_number(protocol) == static_cast<std::uint8_t>(key[bound])) read.port.protocol = protocol;
  }
  read.port.host_port = port_at(key.substr(bound + kWord));
  read.port.container_port = port_at(data.substr(data.size() - kWord));
  return read;
}

void delimit(Batch& batch, std::uint16_t message) {
  nfgenmsg about = head(AF_UNSPEC);
  about.res_id = htons(NFNL_SUBSYS_NFTABLES);
  batch.begin(message, 0, about, "");
}

}  // namespace

void begin_transaction(Batch& batch) { delimit(batch, NFNL_MSG_BATCH_BEGIN); }
void end_transaction(Batch& batch) { delimit(batch, NFNL_MSG_BATCH_END); }

void add_table(Batch& batch) {
  begin(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, "add the table inet caisson");
  batch.text(NFTA_TABLE_NAME, kTable);
  std::uint32_t number = 0;
  for (const SetRow& set : kSets) add_set(batch, set, ++number);
  for (const ChainRow& chain : kChains) add_chain(batch, chain);
  add_publish_rules(batch);
  add_other_rules(batch);
}

void delete_table(Batch& batch) {
  begin(batch, NFT_MSG_DELTABLE, 0, "remove the table inet caisson");
  batch.text(NFTA_TABLE_NAME, kTable);
}

void get_table(Batch& batch) {
  begin(batch, NFT_MSG_GETTABLE, 0, "look for the table inet caisson");
  batch.text(NFTA_TABLE_NAME, kTable);
}

void change_bridge(Batch& batch, Change change, std::string_view name, const BridgeRole& role) {
  const std::string key = padded(std::string(name), kName);
  const auto member = [&](std::string_view set, std::string_view element) {
    change_element(batch, change, 0, set, element, {},
                   fmt::format("{} {} {} the set {}", change == Change::kAdd ? "add" : "remove", name,
                               change == Change::kAdd ? "to" : "from", set));
  };
  member("bridges", key);
  member("same", key + key);
  if (role.masqueraded) member("masqueraded", key);
  if (role.internal) member("internal", key);
  for (const Subnet& subnet : role.subnets) change_range(batch, change, subnet);
}

void change_port(Batch& batch, Change change, const Published& port, const Address& container) {
  const std::string_view map = map_of(port, container.family);
  std::string key = port.host_address ? std::string(port.host_address->raw()) : std::string();
  key += padded(std::string(1, static_cast<char>(protocol_number(port.protocol))), kWord) + port_bytes(port.host_port);
  const std::string data = std::string(container.raw()) + port_bytes(port.container_port);
  change_element(batch, change, NLM_F_EXCL, map, key, data,
                 fmt::format("{} {}/{} → {}", change == Change::kAdd ? "publish" : "no longer publish",
                             host_side(port, container.family), protocol_name(port.protocol), to_text(container)));
}

void list_elements(Batch& batch, std::string_view map) {
  begin(batch, NFT_MSG_GETSETELEM, NLM_F_DUMP, fmt::format("list the map {}", map));
  batch.text(NFTA_SET_ELEM_LIST_TABLE, kTable);
  batch.text(NFTA_SET_ELEM_LIST_SET, map);
}

std::vector<PortElement> read_elements(std::string_view map, std::string_view attributes) {
  std::vector<PortElement> elements;
  const auto set = std::find_if(kSets.begin(), kSets.end(), [&](const SetRow& row) { return row.name == map; });
  if (set == kSets.end() || set->data_bytes == 0) return elements;
  each_attribute(find_attribute(attributes, NFTA_SET_ELEM_LIST_ELEMENTS), [&](int, std::string_view element) {
    if (const auto read = read_element(*set, element)) elements.push_back(*read);
  });
  return elements;
}

}  // namespace caisson::network
