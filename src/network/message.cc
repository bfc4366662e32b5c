#include "network/message.h"

#include <linux/netlink.h>

#include <bit>
#include <cstring>
#include <utility>

namespace caisson::network {

namespace {

template <class Value>
std::string_view bytes_of(const Value& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace

std::string_view find_attribute(std::string_view bytes, int wanted) {
  std::string_view found;
  each_attribute(bytes, [&](int type, std::string_view payload) {
    if (type == wanted) found = payload;
  });
  return found;
}

void Batch::begin(std::uint16_t type, std::uint16_t flags, std::string_view head, std::string about) {
  message_ = buffer_.size();
  const bool is_answered = !about.empty();
  about_.push_back(std::move(about));
  const nlmsghdr header{
      .nlmsg_len = 0,
      .nlmsg_type = type,
      .nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags | (is_answered ? NLM_F_ACK : 0)),
      .nlmsg_seq = static_cast<std::uint32_t>(about_.size()),
      .nlmsg_pid = 0};
  buffer_ += bytes_of(header);
  raw(head);
}

void Batch::pad() { buffer_.resize((buffer_.size() + NLMSG_ALIGNTO - 1) & ~std::size_t{NLMSG_ALIGNTO - 1}); }

void Batch::lengthen() {
  pad();
  const auto length = static_cast<std::uint32_t>(buffer_.size() - message_);
  std::memcpy(buffer_.data() + message_, &length, sizeof length);
}

void Batch::raw(std::string_view data) {
  buffer_ += data;
  lengthen();
}

void Batch::bytes(std::uint16_t type, std::string_view data) {
  const nlattr head{.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + data.size()), .nla_type = type};
  buffer_ += bytes_of(head);
  raw(data);
}

void Batch::text(std::uint16_t type, std::string_view data) {
  std::string with_end(data);
  with_end += '\0';
  bytes(type, with_end);
}

void Batch::number8(std::uint16_t type, std::uint8_t value) { bytes(type, bytes_of(value)); }
void Batch::number16(std::uint16_t type, std::uint16_t value) { bytes(type, bytes_of(value)); }
void Batch::number32(std::uint16_t type, std::uint32_t value) { bytes(type, bytes_of(value)); }

void Batch::network32(std::uint16_t type, std::uint32_t value) {
  number32(type, std::endian::native == std::endian::little ? __builtin_bswap32(value) : value);
}

void Batch::open(std::uint16_t type) {
  open_.push_back(buffer_.size());
  bytes(static_cast<std::uint16_t>(type | NLA_F_NESTED), {});
}

void Batch::close() {
  const std::size_t begin = open_.back();
  open_.pop_back();
  const auto length = static_cast<std::uint16_t>(buffer_.size() - begin);
  std::memcpy(buffer_.data() + begin, &length, sizeof length);
}

}  // namespace caisson::network
