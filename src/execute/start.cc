// The two other ends of a process that waits to be started: who created it, and who starts it.
#include "execute/channel.h"
#include "execute/executor.h"

namespace caisson::execute {

using plan::Call;
using plan::Lane;

Result<> let_wait(Fd channel) {
  if (!send_packet(channel.get(), {.tag = plan::Tag::kPrepared})) return fail(os_error("sendmsg", "the new process"));
  return {};
}

std::expected<void, plan::Failure> start_waiting(Fd connection, pid_t pid, const Examine& examine) {
  if (!send_packet(connection.get(), {.tag = plan::Tag::kStart})) {
    return std::unexpected(
        plan::Failure{.lane = Lane::kParent,
                      .what = {.step = 0xffff, .call = Call::kSend, .error = static_cast<std::int16_t>(errno)}});
  }
  Packet packet;
  int descriptor = -1;
  const Received received = receive_packet(connection.get(), packet, descriptor);
  if (descriptor >= 0) (void)Fd(descriptor);
  if (received == Received::kEnd) return {};
  plan::Failure failure{.lane = Lane::kChild, .what = packet.failure};
  if (received == Received::kError || packet.tag != plan::Tag::kFailed) {
    failure.what = {.step = 0xffff, .call = Call::kProtocol};
  } else {
    char words[kSaidBytes] = "";
    if (has_words(failure.what)) receive_words(connection.get(), words);
    failure.said = words;
    if (examine) examine(failure, pid);
  }
  return std::unexpected(std::move(failure));  // closing the connection lets the process go
}

}  // namespace caisson::execute
