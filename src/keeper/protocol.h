// What a keeper and those who are attached to its container say to each other.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caisson::keeper {

/// Longest content of one message, and of one line of the log; a pipe hands out no more at a time.
inline constexpr std::size_t kChunkBytes = 16 * 1024;

/// One SOCK_SEQPACKET connection per client, one packet per message: a byte that tells its kind, then the content.
///
///     client                                       keeper
///     connect                                      from here on the client gets the output, and none from before
///     kHello     flags (1)         ─────────►
///     kSize      rows, columns     ─────────►      sets the size of the terminal
///     kInput     1 to 16384 bytes  ─────────►      into the container's input; not read while that is full
///     kInputEnd                    ─────────►      closes the container's input, if that is a pipe
///                                  ◄─────────      kOutput  bytes of standard output or of the terminal
///                                  ◄─────────      kError   bytes of standard error
///                                  ◄─────────      kLost    errno (4): reading the output failed, the rest is lost
///                                  ◄─────────      kEnded   wait status (4): nothing more comes, none is missing
///                                  ◄─────────      end of file: after kEnded, the container is cleaned up; without
///                                                  it, the client read too slowly and was left behind
///
/// A client that waits (kWaits) is never left behind: the container's output is not read on until it took its part.
/// So `caisson run` in the foreground loses nothing, while a forgotten `attach`, which takes nothing for two seconds
/// (Clients::kPatienceMs), stops no container. Numbers are in the order of the machine; a message of an unknown kind is
/// passed over.
enum class Message : std::uint8_t {
  kHello = 1,
  kSize = 2,
  kInput = 3,
  kInputEnd = 4,
  kOutput = 65,
  kError = 66,
  kEnded = 67,
  kLost = 68,
};

/// Flags of kHello.
inline constexpr std::uint8_t kWaits = 1;

/// Content of kSize.
struct TerminalSize {
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;
};

}  // namespace caisson::keeper
