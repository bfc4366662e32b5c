// How messages of nf_tables begin, and the units of their sets' keys and registers. Source:
// linux/netfilter/nf_tables.h.
#pragma once

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <net/if.h>

#include <cstdint>
#include <string>

#include "network/message.h"

namespace caisson::network {

inline constexpr std::uint32_t kWord = 4;  ///< what each part of a concatenation is rounded up to
inline constexpr std::uint32_t kName = IFNAMSIZ;

inline nfgenmsg change_head(std::uint8_t family = NFPROTO_INET) {
  return {.nfgen_family = family, .version = NFNETLINK_V0, .res_id = 0};
}

/// Begins a message `NFT_MSG_…`; `about` says in an error what it was to do.
inline void begin_change(Batch& batch, int message, int flags, std::string about) {
  batch.begin(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message), static_cast<std::uint16_t>(flags),
              change_head(), std::move(about));
}

/// The value in the order of the machine.
template <class Value>
std::string bytes_of(const Value& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

inline std::string padded(std::string text, std::size_t size) {
  text.resize(size);
  return text;
}

}  // namespace caisson::network
