#include "keeper/clients.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include <algorithm>
#include <cerrno>

namespace caisson::keeper {

namespace {

std::int64_t now_ms() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

}  // namespace

void Clients::admit(int listener) {
  if (listener < 0) return;
  for (;;) {
    Fd socket(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) return;
    for (std::size_t place = 0; place < kMost; ++place) {
      if (clients_[place].socket) continue;
      clients_[place] = Client{.socket = std::move(socket)};
      // A client says hello before it lets the container start: whether it waits is known before the first output.
      std::array<char, 2> hello;
      if (::recv(clients_[place].socket.get(), hello.data(), 1, MSG_DONTWAIT | MSG_PEEK) == 1 &&
          hello[0] == static_cast<char>(Message::kHello)) {
        (void)receive(place, hello);
      }
      break;
    }
  }
}

void Clients::send(Parcel parcel, Message kind, std::span<const char> content) {
  packets_[parcel] = Packet{.kind = kind, .content = content};
  for (Client& client : clients_) {
    if (client.socket) deliver(client, parcel);
  }
}

bool Clients::owes(Parcel parcel) const {
  for (const Client& client : clients_) {
    if (client.owed[parcel]) return true;
  }
  return false;
}

int Clients::dismiss_late() {
  std::int64_t next_ms = -1;
  for (Client& client : clients_) {
    if (client.late_at_ms == 0) continue;
    const std::int64_t left_ms = client.late_at_ms - now_ms();
    if (left_ms <= 0) {
      client = Client{};
    } else {
      next_ms = next_ms < 0 ? left_ms : std::min(next_ms, left_ms);
    }
  }
  return static_cast<int>(next_ms);
}

void Clients::watch(std::span<pollfd, kMost> watched, bool reading) const {
  for (std::size_t place = 0; place < kMost; ++place) {
    const Client& client = clients_[place];
    short events = reading ? POLLIN : 0;
    for (const bool owed : client.owed) {
      if (owed) events = static_cast<short>(events | POLLOUT);
    }
    // With nothing to wait for the place is left out: poll would report a hang-up again and again.
    watched[place] = pollfd{.fd = events != 0 ? client.socket.get() : -1, .events = events, .revents = 0};
  }
}

void Clients::resend(std::size_t place) {
  Client& client = clients_[place];
  for (const Parcel parcel : {kFirstStream, kSecondStream, kEnd}) {
    if (client.owed[parcel]) deliver(client, parcel);
  }
}

std::optional<Received> Clients::receive(std::size_t place, std::span<char> buffer) {
  Client& client = clients_[place];
  const ssize_t length = ::recv(client.socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (length <= 0) {
    if (length == 0 || (errno != EAGAIN && errno != EINTR)) client = Client{};
    return std::nullopt;
  }
  const Received received{.kind = static_cast<Message>(buffer[0]),
                          .content = buffer.subspan(1, static_cast<std::size_t>(length) - 1)};
  if (received.kind != Message::kHello) return received;
  client.waits = !received.content.empty() && (received.content[0] & kWaits) != 0;
  return std::nullopt;
}

void Clients::leave_open() {
  for (Client& client : clients_) {
    if (!client.socket || !client.waits) continue;
    ::fcntl(client.socket.get(), F_SETFD, 0);
    (void)std::move(client.socket).release();
  }
}

void Clients::deliver(Client& client, Parcel parcel) {
  const Packet& packet = packets_[parcel];
  Message kind = packet.kind;
  std::array<iovec, 2> parts{
      {{.iov_base = &kind, .iov_len = 1},
       {.iov_base = const_cast<char*>(packet.content.data()), .iov_len = packet.content.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  const ssize_t sent = ::sendmsg(client.socket.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0) {
    client.owed[parcel] = false;
    client.late_at_ms = 0;
  } else if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS) {
    client.owed[parcel] = true;
    if (!client.waits && client.late_at_ms == 0) client.late_at_ms = now_ms() + kPatienceMs;
  } else {
    client = Client{};
  }
}

}  // namespace caisson::keeper
