// A socket of netlink(7) in the network namespace that the caller was in when it was opened.
#pragma once

#include <functional>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "network/message.h"

namespace caisson::network {

class NetlinkSocket {
 public:
  /// For devices, addresses and routes; or for nftables. Errors: those of socket(2): a kernel without them.
  static Result<NetlinkSocket> route();
  static Result<NetlinkSocket> netfilter();

  /// Has the kernel do all of `batch`, in one call. The error is that of the first request that failed: what it was
  /// about, the errno, the kernel's own words as the hint. Those behind it are done nevertheless, unless they are one
  /// transaction.
  Result<> run(const Batch& batch);

  /// Asks for a list, or one thing: `visit` gets each message of the answer, without its header, and its type.
  Result<> ask(const Batch& batch, const std::function<void(std::uint16_t type, std::string_view payload)>& visit);

  int descriptor() const { return socket_.get(); }

 private:
  explicit NetlinkSocket(Fd socket) : socket_(std::move(socket)) {}
  static Result<NetlinkSocket> connect_to(int protocol, std::string_view name);
  Result<> send(const Batch& batch);

  Fd socket_;
};

}  // namespace caisson::network
