// Those who are attached to a container: the keeper's side of protocol.h.
#pragma once

#include <poll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/fd.h"
#include "keeper/protocol.h"

namespace caisson::keeper {

/// One message from a client. The content lies in the buffer given to receive().
struct Received {
  Message kind{};
  std::span<const char> content;
};

/// The clients of one container. Each has the kernel's buffer of its socket (some 200 KiB) between it and the
/// container, and nothing in this process's memory.
class Clients {
 public:
  static constexpr std::size_t kMost = 16;  ///< any more are turned away: end of file at once

  /// What is sent to all: a piece of either stream, and the end. Each can be owed to a client that waits.
  enum Parcel : std::size_t { kFirstStream, kSecondStream, kEnd, kParcels };

  /// How long one that does not wait may owe its part before it is left behind: the container stands still meanwhile.
  static constexpr int kPatienceMs = 2000;

  /// Takes in everyone who waits at `listener`; -1 is none.
  void admit(int listener);

  /// Sends a message to everybody. Who has no room is owed it; so `content` must stay where it is while owes(parcel).
  void send(Parcel parcel, Message kind, std::span<const char> content);

  /// Whether somebody has still to be sent this parcel.
  bool owes(Parcel parcel) const;

  /// Dismisses those who took nothing for kPatienceMs. Returns the milliseconds until the next may be: -1 if nobody.
  int dismiss_late();

  /// Fills one entry per place for poll; `reading` asks for messages too. An empty place has the descriptor -1.
  void watch(std::span<pollfd, kMost> watched, bool reading) const;

  /// Sends what is owed to the client of `place`.
  void resend(std::size_t place);

  /// The next message of the client of `place`, read into `buffer`; kHello is dealt with here, a client who left is
  /// dismissed. Nothing if there is none.
  std::optional<Received> receive(std::size_t place, std::span<char> buffer);

  /// Hands the connections of those who wait on to the program that is executed next, which thereby ends them when
  /// it ends itself.
  void leave_open();

 private:
  struct Client {
    Fd socket;
    bool waits = false;
    std::array<bool, kParcels> owed{};
    std::int64_t late_at_ms = 0;  // if it does not wait, and is owed something
  };
  struct Packet {
    Message kind{};
    std::span<const char> content;
  };

  void deliver(Client& client, Parcel parcel);

  std::array<Client, kMost> clients_;
  std::array<Packet, kParcels> packets_;
};

}  // namespace caisson::keeper
