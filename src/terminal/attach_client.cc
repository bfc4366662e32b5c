#include "terminal/attach_client.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "keeper/outlet.h"
#include "keeper/pidfd.h"
#include "keeper/protocol.h"
#include "keeper/signals.h"
#include "keeper/socket.h"
#include "terminal/detach_keys.h"
#include "terminal/terminal.h"

namespace caisson::terminal {

namespace {

using keeper::Message;

std::string packet_of(Message kind, std::string_view content) {
  std::string packet(1, static_cast<char>(kind));
  packet += content;
  return packet;
}

Error broken_pipe(std::string_view name) {
  return Error{.call = "write", .number = EPIPE, .operand = std::string(name)};
}

class Client {
 public:
  explicit Client(Attachment& attachment)
      : at_(attachment), keys_(attachment.terminal ? attachment.detach_keys : std::string()) {}

  Result<Attached> run();

 private:
  enum Place : std::uint8_t { kSignal, kSocket, kInput, kOutput, kError, kPlaces };

  Result<> poll_all();
  void take_signals();
  void end_by(int signal);
  void end_without_more(Attached::End otherwise);
  void take_input();
  Result<> take_packet();
  void send_size(int fewer_rows);
  void flush();
  bool happened(Place place) const { return watched_[place].fd >= 0 && watched_[place].revents != 0; }

  Attachment& at_;
  DetachMatcher keys_;
  std::optional<RawMode> raw_;
  std::optional<keeper::Signals> signals_;
  std::array<keeper::Outlet, 2> sinks_;
  std::string packets_;  // one packet that waits for room in the socket
  std::optional<std::string> size_;
  bool input_ended_ = false;
  std::optional<Attached> end_;
  std::optional<int> status_;
  int output_error_ = 0;
  std::array<pollfd, kPlaces> watched_{};
  std::array<char, keeper::kChunkBytes + 1> received_;
  std::array<char, keeper::kChunkBytes / 2> typed_;  // with what was held back it still fits into one message
};

Result<Attached> Client::run() {
  signals_.emplace(keeper::Forwarding::kOn);
  sinks_ = {keeper::Outlet(at_.output), keeper::Outlet(at_.error)};
  if (at_.terminal && at_.input >= 0 && ::isatty(at_.input)) {
    raw_.emplace(TRY(RawMode::enter(at_.input)));
  }
  if (at_.redraw) send_size(1);
  send_size(0);
  while (!end_) {
    TRY(poll_all());
    if (happened(kSignal)) take_signals();
    if (happened(kOutput)) sinks_[0].push();
    if (happened(kError)) sinks_[1].push();
    if (happened(kInput)) take_input();
    if (happened(kSocket)) {
      flush();
      TRY(take_packet());
    }
    if (at_.output >= 0 && sinks_[0].broken()) return fail(broken_pipe("standard output"));
    if (at_.error >= 0 && sinks_[1].broken()) return fail(broken_pipe("standard error"));
  }
  return *end_;
}

Result<> Client::poll_all() {
  const auto watch = [this](Place place, int fd, int events) {
    watched_[place] = {.fd = fd, .events = static_cast<short>(events), .revents = 0};
  };
  const bool full = sinks_[0].pending() || sinks_[1].pending();
  const bool to_send = !packets_.empty() || size_;
  watch(kSignal, signals_->fd(), POLLIN);
  watch(kSocket, full && !to_send ? -1 : at_.connection.get(), (full ? 0 : POLLIN) | (to_send ? POLLOUT : 0));
  watch(kInput, input_ended_ || status_ || !packets_.empty() ? -1 : at_.input, POLLIN);
  watch(kOutput, sinks_[0].pending() ? at_.output : -1, POLLOUT);
  watch(kError, sinks_[1].pending() ? at_.error : -1, POLLOUT);
  if (::poll(watched_.data(), watched_.size(), -1) < 0 && errno != EINTR) return fail(os_error("poll", "attach"));
  return {};
}

void Client::take_signals() {
  while (const auto signal = signals_->next()) {
    const int number = static_cast<int>(signal->ssi_signo);
    if (number == SIGWINCH) {
      send_size(0);
    } else if (number == SIGCONT) {
      if (raw_) raw_->enter_again();
      send_size(0);
    } else if (at_.signals_to < 0) {
      return end_by(number);
    } else if (!keeper::send_signal(at_.signals_to, number)) {
      // The container is gone: the signal is for who waits for its cleaning up.
      end_without_more(Attached::End::kGivenUp);
    }
  }
}

// Dies of the signal, as it would have done without this class; but with the terminal as it was.
void Client::end_by(int signal) {
  end_ = Attached{};  // if the signal should be blocked or ignored from before
  raw_.reset();
  signals_.reset();
  ::raise(signal);
}

// Nothing more is waited for: the end that was told, if one was.
void Client::end_without_more(Attached::End otherwise) {
  end_ = Attached{.end = status_ ? Attached::End::kEnded : otherwise,
                  .wait_status = status_.value_or(0),
                  .output_error = output_error_};
}

// Sizes do not queue up behind a full socket: only the last one counts.
void Client::send_size(int fewer_rows) {
  if (!at_.terminal) return;
  auto window = window_size(at_.input);
  if (!window) window = window_size(at_.output);  // `run -t` without `-i`
  if (!window) return;
  const keeper::TerminalSize size{
      .rows = static_cast<std::uint16_t>(window->ws_row > fewer_rows ? window->ws_row - fewer_rows : window->ws_row),
      .columns = window->ws_col};
  size_ = packet_of(Message::kSize, std::string_view(reinterpret_cast<const char*>(&size), sizeof size));
  flush();
}

void Client::take_input() {
  const ssize_t length = ::read(at_.input, typed_.data(), typed_.size());
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) {
    input_ended_ = true;
    if (at_.end_input) packets_ = packet_of(Message::kInputEnd, {});
    return flush();
  }
  std::string passed;
  if (keys_.feed(std::string_view(typed_.data(), static_cast<std::size_t>(length)), passed)) {
    end_ = Attached{.end = Attached::End::kDetached};
  }
  if (!passed.empty()) packets_ = packet_of(Message::kInput, passed);
  flush();
}

void Client::flush() {
  const auto sent = [this](const std::string& packet) {
    return ::send(at_.connection.get(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
           (errno != EAGAIN && errno != EINTR && errno != ENOBUFS);  // the keeper is gone: reading will tell
  };
  if (size_ && sent(*size_)) size_.reset();
  if (!packets_.empty() && sent(packets_)) packets_.clear();
}

Result<> Client::take_packet() {
  if (sinks_[0].pending() || sinks_[1].pending()) return {};
  const ssize_t length = ::recv(at_.connection.get(), received_.data(), received_.size(), MSG_DONTWAIT);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (length < 0 && errno != ECONNRESET) return fail(os_error("recv", "attach"));
  if (length <= 0) {
    end_without_more(Attached::End::kLost);
    return {};
  }
  const auto content = std::span<const char>(received_).subspan(1, static_cast<std::size_t>(length) - 1);
  const auto kind = static_cast<Message>(received_[0]);
  if (kind == Message::kEnded && content.size() == sizeof(int)) {
    std::memcpy(&status_.emplace(), content.data(), sizeof(int));
  } else if (kind == Message::kLost && content.size() == sizeof(int)) {
    std::memcpy(&output_error_, content.data(), sizeof(int));
  } else if (kind == Message::kOutput || kind == Message::kError) {
    keeper::Outlet& sink = sinks_[kind == Message::kOutput ? 0 : 1];
    sink.offer(content);
  }
  return {};
}

}  // namespace

Result<Fd> connect(const std::string& socket, Pace pace) {
  Fd connection = TRY(keeper::connect_to_keeper(socket));
  const std::array<char, 2> hello{static_cast<char>(Message::kHello),
                                  pace == Pace::kWaits ? static_cast<char>(keeper::kWaits) : '\0'};
  if (::send(connection.get(), hello.data(), hello.size(), MSG_NOSIGNAL) < 0) return fail(os_error("send", "hello"));
  return connection;
}

Result<Attached> attach(Attachment attachment) { return Client(attachment).run(); }

}  // namespace caisson::terminal
