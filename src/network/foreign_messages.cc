#include "network/foreign_messages.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <net/if.h>

#include <array>

#include <fmt/format.h>

namespace caisson::network {

namespace {

constexpr std::array kChains = {
    ForeignChain{NFPROTO_IPV4, "filter", "DOCKER-USER"}, ForeignChain{NFPROTO_IPV6, "filter", "DOCKER-USER"},
    ForeignChain{NFPROTO_IPV4, "filter", "FORWARD", true}, ForeignChain{NFPROTO_IPV6, "filter", "FORWARD", true},
    ForeignChain{NFPROTO_INET, "firewalld", "filter_FORWARD"}};

void begin(Batch& batch, const ForeignChain& chain, int message, int flags, std::string about) {
  const nfgenmsg head{.nfgen_family = chain.family, .version = NFNETLINK_V0, .res_id = 0};
  batch.begin(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message), static_cast<std::uint16_t>(flags), head,
              std::move(about));
}

// A comment, as nft(8) shows it: a type, a length, a text with its end.
std::string mark(std::string_view device) {
  constexpr char kComment = 0;  // NFTNL_UDATA_RULE_COMMENT
  const std::string text = fmt::format("caisson {}", device);
  return std::string{kComment, static_cast<char>(text.size() + 1)} + text + '\0';
}

void open_expression(Batch& batch, std::string_view name) {
  batch.open(NFTA_LIST_ELEM);
  batch.text(NFTA_EXPR_NAME, name);
  batch.open(NFTA_EXPR_DATA);
}

void close_expression(Batch& batch) {
  batch.close();
  batch.close();
}

void accept(Batch& batch, const ForeignChain& chain, std::uint32_t direction, std::string_view device) {
  std::string name(device);
  name.resize(IFNAMSIZ);
  begin(batch, chain, NFT_MSG_NEWRULE, NLM_F_CREATE, fmt::format("let {} through the chain {}", device, chain.name));
  batch.text(NFTA_RULE_TABLE, chain.table);
  batch.text(NFTA_RULE_CHAIN, chain.name);
  batch.open(NFTA_RULE_EXPRESSIONS);
  open_expression(batch, "meta");
  batch.network32(NFTA_META_KEY, direction);
  batch.network32(NFTA_META_DREG, NFT_REG_1);
  close_expression(batch);
  open_expression(batch, "cmp");
  batch.network32(NFTA_CMP_SREG, NFT_REG_1);
  batch.network32(NFTA_CMP_OP, NFT_CMP_EQ);
  batch.open(NFTA_CMP_DATA);
  batch.bytes(NFTA_DATA_VALUE, name);
  batch.close();
  close_expression(batch);
  open_expression(batch, "counter");
  close_expression(batch);
  open_expression(batch, "immediate");
  batch.network32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
  batch.open(NFTA_IMMEDIATE_DATA);
  batch.open(NFTA_DATA_VERDICT);
  batch.network32(NFTA_VERDICT_CODE, NF_ACCEPT);
  batch.close();
  batch.close();
  close_expression(batch);
  batch.close();
  batch.bytes(NFTA_RULE_USERDATA, mark(device));
}

}  // namespace

std::span<const ForeignChain> foreign_chains() { return kChains; }

void get_chain(Batch& batch, const ForeignChain& chain) {
  begin(batch, chain, NFT_MSG_GETCHAIN, 0, fmt::format("look for the chain {}", chain.name));
  batch.text(NFTA_CHAIN_TABLE, chain.table);
  batch.text(NFTA_CHAIN_NAME, chain.name);
}

bool is_dropping(std::string_view attributes) {
  const std::string_view policy = find_attribute(attributes, NFTA_CHAIN_POLICY);
  return policy.size() == 4 && policy == std::string_view("\0\0\0\0", 4);  // NF_DROP
}

void list_rules(Batch& batch, const ForeignChain& chain) {
  begin(batch, chain, NFT_MSG_GETRULE, NLM_F_DUMP, fmt::format("list the chain {}", chain.name));
  batch.text(NFTA_RULE_TABLE, chain.table);
  batch.text(NFTA_RULE_CHAIN, chain.name);
}

std::optional<std::string> own_rule(std::string_view attributes, std::string_view device) {
  if (find_attribute(attributes, NFTA_RULE_USERDATA) != mark(device)) return std::nullopt;
  return std::string(find_attribute(attributes, NFTA_RULE_HANDLE));
}

void accept_device(Batch& batch, const ForeignChain& chain, std::string_view device) {
  accept(batch, chain, NFT_META_IIFNAME, device);
  accept(batch, chain, NFT_META_OIFNAME, device);
}

void delete_rule(Batch& batch, const ForeignChain& chain, std::string_view handle) {
  begin(batch, chain, NFT_MSG_DELRULE, 0, fmt::format("remove a rule of the chain {}", chain.name));
  batch.text(NFTA_RULE_TABLE, chain.table);
  batch.text(NFTA_RULE_CHAIN, chain.name);
  batch.bytes(NFTA_RULE_HANDLE, handle);
}

}  // namespace caisson::network
