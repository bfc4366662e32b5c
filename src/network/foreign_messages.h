// Rules in the chains of other programs, as requests of nfnetlink. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "network/message.h"

namespace caisson::network {

/// A chain that decides about what is forwarded, and is another program's.
struct ForeignChain {
  std::uint8_t family = 0;  ///< NFPROTO_…
  std::string_view table;
  std::string_view name;
  bool only_if_dropping = false;  ///< nothing is to be done where its policy is to accept
};

/// Those that are known: DOCKER-USER, which Docker leaves to others; FORWARD of iptables(8), whose policy is to drop
/// with ufw and with Docker; firewalld's.
std::span<const ForeignChain> foreign_chains();

void get_chain(Batch& batch, const ForeignChain& chain);
/// Whether the policy in the answer (behind its nfgenmsg) is to drop.
bool is_dropping(std::string_view attributes);

void list_rules(Batch& batch, const ForeignChain& chain);
/// A rule in the answer that has caisson's mark and is about `device`: its handle, as it stands.
std::optional<std::string> own_rule(std::string_view attributes, std::string_view device);

/// Two rules at the head of the chain, with a mark: what comes from `device` and what goes to it is accepted.
void accept_device(Batch& batch, const ForeignChain& chain, std::string_view device);
void delete_rule(Batch& batch, const ForeignChain& chain, std::string_view handle);

}  // namespace caisson::network
