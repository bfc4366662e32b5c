#include "execute/channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "kernel/syscalls.h"

namespace caisson::execute {

namespace {
union ControlBuffer {
  char bytes[CMSG_SPACE(sizeof(int))];
  struct cmsghdr alignment;
};
}  // namespace

bool send_with_descriptor(int socket, std::span<struct iovec> pieces, int descriptor) noexcept {
  std::size_t size = 0;
  for (const struct iovec& piece : pieces) size += piece.iov_len;
  struct msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  ControlBuffer control{};
  if (descriptor >= 0) {
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    struct cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  return kernel::retry([&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL); }) == static_cast<ssize_t>(size);
}

bool send_packet(int socket, const Packet& packet, int descriptor) noexcept {
  struct iovec data{const_cast<Packet*>(&packet), sizeof packet};
  return send_with_descriptor(socket, {&data, 1}, descriptor);
}

bool has_words(const plan::StepFailure& failure) noexcept {
  return failure.call == plan::Call::kHookStatus || failure.call == plan::Call::kHookTimeout ||
         failure.call == plan::Call::kSystemd;
}

bool send_words(int socket, const char* words) noexcept {
  struct iovec text{const_cast<char*>(words), std::strlen(words) + 1};
  return send_with_descriptor(socket, {&text, 1}, -1);
}

void receive_words(int socket, char* words) noexcept {
  const ssize_t got = kernel::retry([&] { return ::recv(socket, words, kSaidBytes - 1, 0); });
  words[got > 0 ? got : 0] = '\0';
}

Received receive_packet(int socket, Packet& packet, int& descriptor) noexcept {
  descriptor = -1;
  struct iovec data{&packet, sizeof packet};
  ControlBuffer control{};
  struct msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  const ssize_t got = kernel::retry([&] { return ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC); });
  if (got == 0 || (got < 0 && errno == ECONNRESET))
    return Received::kEnd;  // reset: it went without reading our last word
  for (struct cmsghdr* header = CMSG_FIRSTHDR(&message); got > 0 && header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
      std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    }
  }
  return got == static_cast<ssize_t>(sizeof packet) ? Received::kPacket : Received::kError;
}

}  // namespace caisson::execute
