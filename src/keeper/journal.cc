#include "keeper/journal.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace caisson::keeper {

namespace {

constexpr sockaddr_un kJournal = [] {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::ranges::copy(kJournalSocket, address.sun_path);
  return address;
}();

iovec piece(std::string_view text) { return {.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()}; }

}  // namespace

void Journal::append(LogStream stream, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const void* end = memchr(bytes.data(), '\n', bytes.size());
    const std::size_t length =
        end == nullptr ? bytes.size() : static_cast<std::size_t>(static_cast<const char*>(end) - bytes.data());
    send(stream, bytes.first(length), end == nullptr);
    bytes = bytes.subspan(end == nullptr ? length : length + 1);
  }
}

void Journal::send(LogStream stream, std::span<const char> text, bool is_partial) {
  if (!socket_) socket_ = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // Any bytes may stand in a field whose length is given: 64 bits, little endian.
  std::array<char, 8> length;
  for (std::size_t i = 0; i < length.size(); ++i) length[i] = static_cast<char>(std::uint64_t{text.size()} >> (8 * i));
  std::array<iovec, 7> pieces = {
      piece(fields_),
      piece(stream == LogStream::kError ? "PRIORITY=3\n" : "PRIORITY=6\n"),
      piece(is_partial ? "CONTAINER_PARTIAL_MESSAGE=true\n" : ""),
      piece("MESSAGE\n"),
      piece(std::string_view(length.data(), length.size())),
      piece(std::string_view(text.data(), text.size())),
      piece("\n"),
  };
  msghdr message{};
  message.msg_name = const_cast<sockaddr_un*>(&kJournal);
  message.msg_namelen = sizeof kJournal;
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  (void)!::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
}

}  // namespace caisson::keeper
