#include "network/netlink_socket.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "kernel/syscalls.h"

namespace caisson::network {

namespace {

constexpr std::size_t kReplyBytes = 32768;  // what the kernel's dumps are at most (netlink_dump())
constexpr int kBufferBytes = 1 << 20;       // the answers to the largest batch, which makes a table
constexpr timeval kPatience{.tv_sec = 30, .tv_usec = 0};

// The kernel's own words behind an error (NETLINK_EXT_ACK); empty where it has none.
std::string words_of(const nlmsghdr& message, std::string_view payload) {
  if ((message.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
  nlmsgerr error{};
  std::memcpy(&error, payload.data(), sizeof error);
  std::size_t skip = sizeof error;
  if ((message.nlmsg_flags & NLM_F_CAPPED) == 0) skip += NLMSG_ALIGN(error.msg.nlmsg_len - sizeof(nlmsghdr));
  if (skip > payload.size()) return {};
  payload.remove_prefix(skip);
  std::string_view words = find_attribute(payload, NLMSGERR_ATTR_MSG);
  if (words.ends_with('\0')) words.remove_suffix(1);
  return std::string(words);
}

// Calls `visit(header, payload)` for each message of one datagram.
template <class Visit>
void each_message(std::string_view datagram, Visit visit) {
  while (datagram.size() >= sizeof(nlmsghdr)) {
    nlmsghdr header{};
    std::memcpy(&header, datagram.data(), sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size()) return;
    visit(header, datagram.substr(sizeof header, header.nlmsg_len - sizeof header));
    datagram.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), datagram.size()));
  }
}

Error refusal_of(const Batch& batch, const nlmsghdr& header, std::string_view payload, int number) {
  const std::size_t place = header.nlmsg_seq - 1;
  std::string about = place < batch.about().size() ? batch.about()[place] : "";
  if (about.empty()) about = "a transaction of nftables";
  return {.call = "netlink", .number = number, .operand = std::move(about), .hint = words_of(header, payload)};
}

}  // namespace

Result<NetlinkSocket> NetlinkSocket::connect_to(int protocol, std::string_view name) {
  Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!socket) return fail(os_error("socket", name));
  const int one = 1;
  (void)::setsockopt(socket.get(), SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
  (void)::setsockopt(socket.get(), SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof one);
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  return NetlinkSocket(std::move(socket));
}

Result<NetlinkSocket> NetlinkSocket::route() { return connect_to(NETLINK_ROUTE, "rtnetlink"); }

Result<NetlinkSocket> NetlinkSocket::netfilter() {
  NetlinkSocket opened = TRY(connect_to(NETLINK_NETFILTER, "nfnetlink"));
  for (const int option : {SO_SNDBUF, SO_RCVBUF})
    (void)::setsockopt(opened.socket_.get(), SOL_SOCKET, option, &kBufferBytes, sizeof kBufferBytes);
  return opened;
}

Result<> NetlinkSocket::send(const Batch& batch) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  const std::string& bytes = batch.buffer();
  const ssize_t sent = kernel::retry([&] {
    return ::sendto(socket_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&kernel), sizeof kernel);
  });
  if (sent >= 0) return {};
  return fail(os_error("netlink", batch.about().empty() ? "" : batch.about().front()));
}

Result<> NetlinkSocket::run(const Batch& batch) {
  if (batch.empty()) return {};
  TRY(send(batch));
  auto waiting = std::ranges::count_if(batch.about(), [](const std::string& about) { return !about.empty(); });
  Result<> result;
  std::array<char, kReplyBytes> reply;
  while (waiting > 0) {
    const ssize_t got = kernel::retry([&] { return ::recv(socket_.get(), reply.data(), reply.size(), 0); });
    if (got < 0) return result ? fail(os_error("netlink", batch.about().back())) : result;
    each_message({reply.data(), static_cast<std::size_t>(got)}, [&](const nlmsghdr& header, std::string_view payload) {
      if (header.nlmsg_type != NLMSG_ERROR || payload.size() < sizeof(nlmsgerr)) return;
      nlmsgerr answer{};
      std::memcpy(&answer, payload.data(), sizeof answer);
      const std::size_t place = header.nlmsg_seq - 1;
      const bool of_all = place < batch.about().size() && batch.about()[place].empty();
      if (answer.error != 0 && result) result = fail(refusal_of(batch, header, payload, -answer.error));
      waiting = of_all ? 0 : waiting - 1;
    });
  }
  return result;
}

Result<> NetlinkSocket::ask(const Batch& batch, const std::function<void(std::uint16_t, std::string_view)>& visit) {
  TRY(send(batch));
  Result<> result;
  bool is_done = false;
  std::array<char, kReplyBytes> reply;
  while (!is_done) {
    const ssize_t got = kernel::retry([&] { return ::recv(socket_.get(), reply.data(), reply.size(), 0); });
    if (got < 0) return fail(os_error("netlink", batch.about().back()));
    each_message({reply.data(), static_cast<std::size_t>(got)}, [&](const nlmsghdr& header, std::string_view payload) {
      if (header.nlmsg_type == NLMSG_DONE) is_done = true;
      if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_NOOP) return;
      if (header.nlmsg_type != NLMSG_ERROR) return visit(header.nlmsg_type, payload);
      nlmsgerr answer{};
      if (payload.size() < sizeof answer) return;
      std::memcpy(&answer, payload.data(), sizeof answer);
      is_done = true;
      if (answer.error != 0) result = fail(refusal_of(batch, header, payload, -answer.error));
    });
  }
  return result;
}

}  // namespace caisson::network
