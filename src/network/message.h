// Messages of netlink(7) as bytes: several in one buffer, which the kernel takes in one call. Pure.
#pragma once

#include <linux/netlink.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace caisson::network {

/// Calls `visit(type, payload)` for each attribute of a message; what does not fit ends it.
template <class Visit>
void each_attribute(std::string_view bytes, Visit visit) {
  while (bytes.size() >= sizeof(nlattr)) {
    nlattr attribute{};
    std::memcpy(&attribute, bytes.data(), sizeof attribute);
    if (attribute.nla_len < sizeof attribute || attribute.nla_len > bytes.size()) return;
    visit(attribute.nla_type & NLA_TYPE_MASK, bytes.substr(sizeof attribute, attribute.nla_len - sizeof attribute));
    bytes.remove_prefix(std::min<std::size_t>(NLA_ALIGN(attribute.nla_len), bytes.size()));
  }
}

/// The payload of the last attribute of that type; empty: there is none.
std::string_view find_attribute(std::string_view bytes, int type);

/// A buffer of requests, and what each is about, for errors. Attributes go to the request begun last; nested ones are
/// opened and closed in pairs.
class Batch {
 public:
  /// Begins a request of `type` that begins with `head` (an ifinfomsg, an nfgenmsg …); `flags` beside NLM_F_REQUEST.
  /// `about`: "add the device cs1" — nothing for those that the kernel does not answer.
  void begin(std::uint16_t type, std::uint16_t flags, std::string_view head, std::string about);
  template <class Head>
  void begin(std::uint16_t type, std::uint16_t flags, const Head& head, std::string about) {
    begin(type, flags, std::string_view(reinterpret_cast<const char*>(&head), sizeof head), std::move(about));
  }

  void bytes(std::uint16_t type, std::string_view data);
  void text(std::uint16_t type, std::string_view data);  ///< with a zero at its end
  void number8(std::uint16_t type, std::uint8_t value);
  void number16(std::uint16_t type, std::uint16_t value);  ///< as this host orders bytes
  void number32(std::uint16_t type, std::uint32_t value);
  void network32(std::uint16_t type, std::uint32_t value);  ///< as the network does
  void open(std::uint16_t type);                            ///< a nested attribute
  void close();

  /// The same as a header alone, for attributes that begin with a structure (VETH_INFO_PEER).
  void raw(std::string_view data);

  const std::string& buffer() const { return buffer_; }
  /// One for each request, in order: its number is its position + 1; empty where no answer comes.
  const std::vector<std::string>& about() const { return about_; }
  bool empty() const { return about_.empty(); }

 private:
  void pad();
  void lengthen();

  std::string buffer_;
  std::size_t message_ = 0;  // where the last one begins
  std::vector<std::size_t> open_;
  std::vector<std::string> about_;
};

}  // namespace caisson::network
