#include "network/filter_messages.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "network/filter_encoding.h"
#include "network/filter_rules.h"

namespace caisson::network {

namespace {

// What nft(8) calls its types, for its listing (nftables, include/datatype.h); of a concatenation, six bits each.
constexpr std::uint32_t kIpv4Type = 7;
constexpr std::uint32_t kIpv6Type = 8;
constexpr std::uint32_t kProtocolType = 12;
constexpr std::uint32_t kServiceType = 13;
constexpr std::uint32_t kInterfaceType = 41;
constexpr std::uint32_t joined(std::uint32_t one, std::uint32_t other) { return one << 6 | other; }

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

void add_set(Batch& batch, const SetRow& set, std::uint32_t number) {
  begin_change(batch, NFT_MSG_NEWSET, NLM_F_CREATE, fmt::format("add the set {}", set.name));
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

void change_element(Batch& batch, Change change, int flags, std::string_view set, std::string_view key,
                    std::string_view data, std::string about) {
  const bool adds = change == Change::kAdd;
  begin_change(batch, adds ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, adds ? NLM_F_CREATE | flags : 0,
               std::move(about));
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
  begin_change(batch, adds ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, adds ? NLM_F_CREATE : 0,
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
  nfgenmsg about = change_head(AF_UNSPEC);
  about.res_id = htons(NFNL_SUBSYS_NFTABLES);
  batch.begin(message, 0, about, "");
}

}  // namespace

void begin_transaction(Batch& batch) { delimit(batch, NFNL_MSG_BATCH_BEGIN); }
void end_transaction(Batch& batch) { delimit(batch, NFNL_MSG_BATCH_END); }

void add_table(Batch& batch) {
  begin_change(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, "add the table inet caisson");
  batch.text(NFTA_TABLE_NAME, kTable);
  std::uint32_t number = 0;
  for (const SetRow& set : kSets) add_set(batch, set, ++number);
  add_chains(batch);
  add_rules(batch);
}

void delete_table(Batch& batch) {
  begin_change(batch, NFT_MSG_DELTABLE, 0, "remove the table inet caisson");
  batch.text(NFTA_TABLE_NAME, kTable);
}

void get_table(Batch& batch) {
  begin_change(batch, NFT_MSG_GETTABLE, 0, "look for the table inet caisson");
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
  begin_change(batch, NFT_MSG_GETSETELEM, NLM_F_DUMP, fmt::format("list the map {}", map));
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
