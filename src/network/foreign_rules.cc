#include "network/foreign_rules.h"

#include <cerrno>
#include <vector>

#include "network/filter_messages.h"
#include "network/foreign_messages.h"
#include "network/netlink_socket.h"

namespace caisson::network {

namespace {

constexpr std::size_t kHead = 4;  // nfgenmsg

std::string_view behind_head(std::string_view payload) { return payload.substr(std::min(kHead, payload.size())); }

// Whether the chain is there, and would drop.
Result<bool> stands_in_the_way(NetlinkSocket& socket, const ForeignChain& chain) {
  Batch batch;
  get_chain(batch, chain);
  bool drops = false;
  const Result<> asked =
      socket.ask(batch, [&](std::uint16_t, std::string_view payload) { drops = is_dropping(behind_head(payload)); });
  if (asked) return !chain.only_if_dropping || drops;
  if (asked.error().number == ENOENT) return false;
  return fail(asked.error());
}

Result<std::vector<std::string>> own_rules(NetlinkSocket& socket, const ForeignChain& chain, std::string_view device) {
  std::vector<std::string> handles;
  Batch batch;
  list_rules(batch, chain);
  TRY(socket.ask(batch, [&](std::uint16_t, std::string_view payload) {
    if (auto handle = own_rule(behind_head(payload), device)) handles.push_back(std::move(*handle));
  }));
  return handles;
}

}  // namespace

Result<> let_through(const NetworkRecord& network) {
  if (network.internal) return {};
  NetlinkSocket socket = TRY(NetlinkSocket::netfilter());
  for (const ForeignChain& chain : foreign_chains()) {
    if (!TRY(stands_in_the_way(socket, chain)) || !TRY(own_rules(socket, chain, network.device)).empty()) continue;
    Batch batch;
    begin_transaction(batch);
    accept_device(batch, chain, network.device);
    end_transaction(batch);
    TRY(socket.run(batch));
  }
  return {};
}

Result<> no_longer_let_through(const NetworkRecord& network) {
  NetlinkSocket socket = TRY(NetlinkSocket::netfilter());
  for (const ForeignChain& chain : foreign_chains()) {
    Batch batch;
    get_chain(batch, chain);
    if (!socket.ask(batch, [](std::uint16_t, std::string_view) {})) continue;
    for (const std::string& handle : TRY(own_rules(socket, chain, network.device))) {
      Batch removal;
      begin_transaction(removal);
      delete_rule(removal, chain, handle);
      end_transaction(removal);
      const Result<> removed = socket.run(removal);
      if (!removed && removed.error().number != ENOENT) return removed;
    }
  }
  return {};
}

}  // namespace caisson::network
