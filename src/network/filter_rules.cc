#include "network/filter_rules.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>

#include <array>

#include <fmt/format.h>

#include "network/filter_encoding.h"
#include "network/filter_messages.h"

namespace caisson::network {

namespace {

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

// Registers of four bytes; those of sixteen that begin at the same place are told by the same number.
constexpr std::uint32_t reg(std::uint32_t word) { return NFT_REG32_00 + word; }

// A rule in the making: its expressions, one after the other.
class Rule {
 public:
  Rule(Batch& batch, std::string_view chain) : batch_(batch) {
    begin_change(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, fmt::format("add a rule to the chain {}", chain));
    batch.text(NFTA_RULE_TABLE, kTable);
    batch.text(NFTA_RULE_CHAIN, chain);
    batch.open(NFTA_RULE_EXPRESSIONS);
  }
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;
  ~Rule() { batch_.close(); }

  Rule& meta(std::uint32_t key, std::uint32_t word = 0) {
    begin("meta");
    batch_.network32(NFTA_META_KEY, key);
    batch_.network32(NFTA_META_DREG, reg(word));
    return end();
  }
  Rule& payload(std::uint32_t base, std::uint32_t offset, std::uint32_t size, std::uint32_t word = 0) {
    begin("payload");
    batch_.network32(NFTA_PAYLOAD_DREG, reg(word));
    batch_.network32(NFTA_PAYLOAD_BASE, base);
    batch_.network32(NFTA_PAYLOAD_OFFSET, offset);
    batch_.network32(NFTA_PAYLOAD_LEN, size);
    return end();
  }
  Rule& compare(std::uint32_t how, std::string_view value) {
    begin("cmp");
    batch_.network32(NFTA_CMP_SREG, reg(0));
    batch_.network32(NFTA_CMP_OP, how);
    data(NFTA_CMP_DATA, value);
    return end();
  }
  Rule& in_set(std::string_view set, bool inverted = false) {
    return lookup(set, inverted ? NFT_LOOKUP_F_INV : 0, false);
  }
  Rule& from_map(std::string_view map) { return lookup(map, 0, true); }

  // ct KEY & bits != 0
  Rule& conntrack(std::uint32_t key, std::uint32_t bits) {
    begin("ct");
    batch_.network32(NFTA_CT_KEY, key);
    batch_.network32(NFTA_CT_DREG, reg(0));
    end();
    begin("bitwise");
    batch_.network32(NFTA_BITWISE_SREG, reg(0));
    batch_.network32(NFTA_BITWISE_DREG, reg(0));
    batch_.network32(NFTA_BITWISE_LEN, sizeof bits);
    data(NFTA_BITWISE_MASK, bytes_of(bits));
    data(NFTA_BITWISE_XOR, bytes_of(std::uint32_t{0}));
    end();
    return compare(NFT_CMP_NEQ, bytes_of(std::uint32_t{0}));
  }
  Rule& to_own_address() {
    begin("fib");
    batch_.network32(NFTA_FIB_DREG, reg(0));
    batch_.network32(NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
    batch_.network32(NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
    end();
    return compare(NFT_CMP_EQ, bytes_of(std::uint32_t{RTN_LOCAL}));
  }
  Rule& family(std::uint8_t protocol) {
    return meta(NFT_META_NFPROTO).compare(NFT_CMP_EQ, {reinterpret_cast<const char*>(&protocol), 1});
  }
  // The first byte of an IPv4 address, at `offset` of the header, is 127.
  Rule& loopback(std::uint32_t offset) {
    return family(NFPROTO_IPV4).payload(NFT_PAYLOAD_NETWORK_HEADER, offset, 1).compare(NFT_CMP_EQ, "\x7f");
  }

  Rule& masquerade() { return begin("masq").end(); }
  Rule& destination(std::uint32_t protocol, std::uint32_t port_word) {
    begin("nat");
    batch_.network32(NFTA_NAT_TYPE, NFT_NAT_DNAT);
    batch_.network32(NFTA_NAT_FAMILY, protocol);
    batch_.network32(NFTA_NAT_REG_ADDR_MIN, reg(0));
    batch_.network32(NFTA_NAT_REG_PROTO_MIN, reg(port_word));
    return end();
  }
  Rule& verdict(int code, std::string_view chain = {}) {
    begin("immediate");
    batch_.network32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    batch_.open(NFTA_IMMEDIATE_DATA);
    batch_.open(NFTA_DATA_VERDICT);
    batch_.network32(NFTA_VERDICT_CODE, static_cast<std::uint32_t>(code));
    if (!chain.empty()) batch_.text(NFTA_VERDICT_CHAIN, chain);
    batch_.close();
    batch_.close();
    return end();
  }

 private:
  Rule& begin(std::string_view name) {
    batch_.open(NFTA_LIST_ELEM);
    batch_.text(NFTA_EXPR_NAME, name);
    batch_.open(NFTA_EXPR_DATA);
    return *this;
  }
  Rule& end() {
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
    begin("lookup");
    batch_.text(NFTA_LOOKUP_SET, set);
    batch_.network32(NFTA_LOOKUP_SREG, reg(0));
    if (is_map) batch_.network32(NFTA_LOOKUP_DREG, reg(0));
    if (flags != 0) batch_.network32(NFTA_LOOKUP_FLAGS, flags);
    return end();
  }

  Batch& batch_;
};

void add_chain(Batch& batch, const ChainRow& chain) {
  begin_change(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, fmt::format("add the chain {}", chain.name));
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

}  // namespace

void add_chains(Batch& batch) {
  for (const ChainRow& chain : kChains) add_chain(batch, chain);
}

void add_rules(Batch& batch) {
  add_publish_rules(batch);
  add_other_rules(batch);
}

}  // namespace caisson::network
