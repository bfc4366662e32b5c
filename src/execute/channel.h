// The packets between the lanes, on one SEQPACKET pair. One format for every message (plan/step.h draws their order).
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <span>

#include "plan/failure.h"
#include "plan/step.h"

namespace caisson::execute {

struct Packet {
  plan::Tag tag{};
  plan::Lane lane{};  ///< who sends it
  std::uint8_t padding[2] = {};
  std::int32_t value =
      0;  ///< a pid, with Tag::kDescriptor; with Tag::kFailed that of a process the sender has made, or 0
  plan::StepFailure failure;  ///< with Tag::kFailed
};

/// Sends `packet`, with `descriptor` attached if it is not -1. False and errno. Allocates nothing.
bool send_packet(int socket, const Packet& packet, int descriptor = -1) noexcept;

/// Sends `pieces` as one message, with `descriptor` attached if it is not -1. False and errno. Allocates nothing.
bool send_with_descriptor(int socket, std::span<struct iovec> pieces, int descriptor) noexcept;

inline constexpr std::size_t kSaidBytes = 1024;  ///< of a program that failed, with a null byte at the end

/// What a program said follows the report of its failure as a message of its own, which there is for no other failure.
bool has_words(const plan::StepFailure& failure) noexcept;
bool send_words(int socket, const char* words) noexcept;
/// Into `words`, of kSaidBytes bytes; empty if none came.
void receive_words(int socket, char* words) noexcept;

enum class Received { kPacket, kEnd, kError };

/// Receives one packet; the descriptor that came with it, or -1, goes to `descriptor` (CLOEXEC).
Received receive_packet(int socket, Packet& packet, int& descriptor) noexcept;

}  // namespace caisson::execute
