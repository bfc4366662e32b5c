#include "keeper/keep.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "keeper/clients.h"
#include "keeper/journal.h"
#include "keeper/outlet.h"
#include "keeper/pidfd.h"
#include "keeper/protocol.h"
#include "keeper/signals.h"

namespace caisson::keeper {

namespace {

// What is read from a pipe after the process has ended; the largest pipe there can be (pipe-max-size).
constexpr std::size_t kMostLeftOver = 1U << 20;
constexpr std::size_t kStreams = 2;

timespec now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return time;
}

// Of two timeouts of poll(2) the one that is over first: -1 never is.
int sooner(int one_ms, int other_ms) {
  return one_ms < 0 || other_ms < 0 ? std::max(one_ms, other_ms) : std::min(one_ms, other_ms);
}

// One output of the container. Its chunk is read once everyone has got the chunk before.
struct Stream {
  Fd* source = nullptr;
  Outlet sink;
  bool has_caller = false;  // somebody has asked for it here: not the same as that he still listens
  LogStream kind{};
  Message message{};
  bool ended = true;
  std::array<char, kChunkBytes> chunk;
};

class Keeper {
 public:
  explicit Keeper(Kept& kept);
  std::optional<int> run();
  int failure() const { return failed_; }

 private:
  // Places in the array given to poll.
  enum Place : std::uint8_t {
    kSignal,
    kProcess,
    kCheck,
    kListener,
    kSource,
    kSink = kSource + kStreams,
    kFrom = kSink + kStreams,
    kInput,
    kClients
  };

  bool poll_all();
  int kill_timeout_ms();
  bool readable(std::size_t stream) const;
  bool delivered();

  void take_signals();
  void stop();
  void kill_in(std::int64_t seconds);
  void follow_window();
  void take_clients();
  void take_message(const Received& received);
  void take_input();
  void end_input();
  void take_output(std::size_t stream);
  void lose_stream(std::size_t stream, int error);
  void end_stream(Stream& stream);
  void reap();

  bool happened(std::size_t place) const { return watched_[place].fd >= 0 && watched_[place].revents != 0; }
  bool has_input() const { return !inlet_.broken() && !status_; }

  Kept& kept_;
  Signals signals_;
  Clients clients_;
  LogFile log_;
  Journal journal_;
  std::optional<Checks> checks_;  // as long as the process runs
  Fd terminal_peer_;
  Outlet inlet_;
  std::optional<int> status_;
  int failed_ = 0;
  bool given_up_ = false;
  bool end_sent_ = false;
  timespec killed_at_{};
  std::size_t left_over_ = kMostLeftOver;
  std::array<pollfd, kClients + Clients::kMost> watched_;
  std::array<Stream, kStreams> streams_;
  std::array<char, kChunkBytes + 1> input_;  // with the byte that tells a message's kind
};

Keeper::Keeper(Kept& kept) : kept_(kept), signals_(kept.forwarding), log_(kept.log), journal_(kept.log.journal) {
  checks_.emplace(kept.check);
  if (!kept.pidfd) kept.pidfd = open_pidfd(kept.pid);
  if (!kept.pidfd) failed_ = errno;
  streams_[0].source = kept.terminal ? &kept.terminal : &kept.output;
  streams_[0].sink = Outlet(kept.to_output);
  streams_[0].message = Message::kOutput;
  streams_[1].source = &kept.error;
  streams_[1].sink = Outlet(kept.to_error);
  streams_[1].message = Message::kError;
  streams_[1].kind = LogStream::kError;
  for (Stream& stream : streams_) {
    stream.has_caller = !stream.sink.broken();
    stream.ended = !*stream.source;
  }

  inlet_ = Outlet(kept.terminal ? kept.terminal.get() : kept.input.get());
  if (kept.terminal) {
    ::fcntl(kept.terminal.get(), F_SETFL, O_RDWR | O_NONBLOCK);
    // While a process has the terminal open, reading from its master fails with EIO only when there is nobody else:
    // a container that closes its terminal and opens it again is not mistaken for one that ended.
    terminal_peer_ = Fd(::ioctl(kept.terminal.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (kept.from_input >= 0) follow_window();
  }
  if (kept.timeout_seconds > 0) kill_in(kept.timeout_seconds);
}

std::optional<int> Keeper::run() {
  while (failed_ == 0 && !given_up_ && !(status_ && delivered())) {
    if (!poll_all()) continue;
    // Who has connected before the container wrote something is a client before it is read.
    const bool to_read = happened(kSource) || happened(kSource + 1);
    if (happened(kListener) || to_read) clients_.admit(kept_.listener.get());
    if (happened(kSignal)) take_signals();
    take_clients();
    take_input();
    for (std::size_t i = 0; i < kStreams; ++i) {
      if (happened(kSink + i)) streams_[i].sink.push();
      if (happened(kSource + i)) {
        take_output(i);
      } else if (status_ && watched_[kSource + i].fd >= 0) {
        end_stream(streams_[i]);  // nothing is left in it, whoever else holds it open
      }
    }
    if (happened(kCheck)) checks_->reap();
    if (happened(kProcess)) reap();
  }
  for (const Stream& stream : streams_) {
    if (kept_.output_error == 0) kept_.output_error = stream.sink.error();
  }
  if (kept_.leave_clients && status_) clients_.leave_open();
  return status_;
}

// False if nothing is to be looked at.
bool Keeper::poll_all() {
  const auto watch = [this](std::size_t place, int fd, short events) {
    watched_[place] = pollfd{.fd = fd, .events = events, .revents = 0};
  };
  watch(kSignal, signals_.fd(), POLLIN);
  watch(kProcess, status_ ? -1 : kept_.pidfd.get(), POLLIN);
  const int check_ms = checks_ ? checks_->run_due() : -1;
  watch(kCheck, checks_ ? checks_->fd() : -1, POLLIN);
  watch(kListener, kept_.listener.get(), POLLIN);
  const int late_ms = clients_.dismiss_late();
  bool reading = false;
  for (std::size_t i = 0; i < kStreams; ++i) {
    const Stream& stream = streams_[i];
    watch(kSource + i, readable(i) ? stream.source->get() : -1, POLLIN);
    watch(kSink + i, stream.sink.pending() ? stream.sink.fd() : -1, POLLOUT);
    reading = reading || readable(i);
  }
  const bool hungry = has_input() && !inlet_.pending();
  watch(kFrom, hungry ? kept_.from_input : -1, POLLIN);
  watch(kInput, has_input() && inlet_.pending() ? inlet_.fd() : -1, POLLOUT);
  clients_.watch(std::span(watched_).last<Clients::kMost>(), !status_ && !inlet_.pending());
  // poll(2) refuses more places than the process may have descriptors, those not in use among them.
  const auto last = std::find_if(watched_.rbegin(), watched_.rend(), [](const pollfd& entry) { return entry.fd >= 0; });
  const auto count = static_cast<nfds_t>(watched_.rend() - last);
  const int timeout_ms = sooner(sooner(kill_timeout_ms(), check_ms), late_ms);
  return ::poll(watched_.data(), count, status_ && reading ? 0 : timeout_ms) >= 0;
}

// Kills the process when its time is over.
int Keeper::kill_timeout_ms() {
  if (killed_at_.tv_sec == 0 || status_) return -1;
  const timespec time = now(CLOCK_MONOTONIC);
  const std::int64_t left_ms =
      std::int64_t{killed_at_.tv_sec - time.tv_sec} * 1000 + (killed_at_.tv_nsec - time.tv_nsec) / 1'000'000;
  if (left_ms > 0) return static_cast<int>(std::min<std::int64_t>(left_ms + 1, 1'000'000'000));
  killed_at_ = {};
  (void)send_signal(kept_.pidfd.get(), SIGKILL);
  return -1;
}

bool Keeper::readable(std::size_t stream) const {
  return !streams_[stream].ended && !streams_[stream].sink.pending() &&
         !clients_.owes(static_cast<Clients::Parcel>(stream));
}

bool Keeper::delivered() {
  for (std::size_t i = 0; i < kStreams; ++i) {
    if (!streams_[i].ended || streams_[i].sink.pending() || clients_.owes(static_cast<Clients::Parcel>(i)))
      return false;
  }
  if (!end_sent_) {
    clients_.admit(kept_.listener.get());
    static_assert(sizeof *status_ == 4);
    memcpy(input_.data(), &*status_, sizeof *status_);  // free by now: the process takes no more input
    clients_.send(Clients::kEnd, Message::kEnded, std::span(input_).first(sizeof *status_));
    end_sent_ = true;
  }
  return !clients_.owes(Clients::kEnd);
}

void Keeper::take_signals() {
  while (const auto signal = signals_.next()) {
    const int number = static_cast<int>(signal->ssi_signo);
    kept_.told_to_end = kept_.told_to_end || number == SIGTERM;
    if (status_) {
      given_up_ = given_up_ || number == SIGTERM || number == SIGINT || number == SIGHUP || number == SIGQUIT;
    } else if (number == SIGWINCH && (kept_.terminal || kept_.forwarding == Forwarding::kOff)) {
      follow_window();
    } else if (number == SIGCONT || (number == SIGWINCH && signal->ssi_code == SI_KERNEL)) {
      // The caller's shell continued it, or its terminal was resized: nothing to do with a process that has another
      // terminal or none. To a web server the latter would be the request to stop.
    } else if (number == SIGTERM && kept_.stop_signal != 0) {
      stop();
    } else {
      (void)send_signal(kept_.pidfd.get(), number);
    }
  }
}

void Keeper::stop() {
  (void)send_signal(kept_.pidfd.get(), kept_.stop_signal);
  if (kept_.stop_timeout_s >= 0) kill_in(kept_.stop_timeout_s);
}

// Unless it is to be killed before.
void Keeper::kill_in(std::int64_t seconds) {
  const timespec time = now(CLOCK_MONOTONIC);
  if (killed_at_.tv_sec != 0 && killed_at_.tv_sec <= time.tv_sec + seconds) return;
  killed_at_ = {.tv_sec = time.tv_sec + seconds, .tv_nsec = time.tv_nsec};
}

void Keeper::follow_window() {
  winsize size{};
  if (kept_.terminal && kept_.from_input >= 0 && ::ioctl(kept_.from_input, TIOCGWINSZ, &size) == 0) {
    (void)::ioctl(kept_.terminal.get(), TIOCSWINSZ, &size);
  }
}

void Keeper::take_clients() {
  for (std::size_t place = 0; place < Clients::kMost; ++place) {
    if (!happened(kClients + place)) continue;
    const pollfd& client = watched_[kClients + place];
    if ((client.events & POLLOUT) != 0) clients_.resend(place);
    // One message at a time, and only while there is room for its content.
    if ((client.events & POLLIN) == 0 || inlet_.pending() || (client.revents & (POLLIN | POLLHUP)) == 0) continue;
    if (const auto received = clients_.receive(place, input_)) take_message(*received);
  }
}

void Keeper::take_message(const Received& received) {
  TerminalSize size;
  if (received.kind == Message::kInput && has_input()) {
    inlet_.offer(received.content);
  } else if (received.kind == Message::kInputEnd) {
    end_input();
  } else if (received.kind == Message::kSize && kept_.terminal && received.content.size() == sizeof size) {
    memcpy(&size, received.content.data(), sizeof size);
    const winsize window{.ws_row = size.rows, .ws_col = size.columns, .ws_xpixel = 0, .ws_ypixel = 0};
    (void)::ioctl(kept_.terminal.get(), TIOCSWINSZ, &window);
  }
}

void Keeper::take_input() {
  if (happened(kInput)) inlet_.push();
  if (happened(kFrom) && has_input() && !inlet_.pending()) {
    const ssize_t length = ::read(kept_.from_input, input_.data(), kChunkBytes);
    if (length > 0) {
      inlet_.offer(std::span(input_).first(static_cast<std::size_t>(length)));
    } else if (length == 0 || (errno != EAGAIN && errno != EINTR)) {
      kept_.from_input = -1;
      end_input();
    }
  }
  if (inlet_.broken()) end_input();
}

void Keeper::end_input() {
  if (kept_.terminal) return;
  inlet_.abandon();
  kept_.input = Fd();
  kept_.from_input = -1;
}

void Keeper::take_output(std::size_t index) {
  Stream& stream = streams_[index];
  const ssize_t length = ::read(stream.source->get(), stream.chunk.data(), stream.chunk.size());
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  const bool hung_up = length < 0 && kept_.terminal && errno == EIO;  // nobody has the terminal open any more
  if (length < 0 && !hung_up) return lose_stream(index, errno);
  if (length <= 0) return end_stream(stream);

  const auto bytes = std::span<const char>(stream.chunk).first(static_cast<std::size_t>(length));
  if (log_.wanted()) log_.append(stream.kind, bytes, now(CLOCK_REALTIME));
  if (journal_.wanted()) journal_.append(stream.kind, bytes);
  stream.sink.offer(bytes);
  clients_.send(static_cast<Clients::Parcel>(index), stream.message, bytes);
  const bool caller_left = stream.has_caller && stream.sink.broken();
  if (caller_left && !log_.wanted() && !journal_.wanted() && !kept_.listener && !kept_.terminal) end_stream(stream);
  if (!status_) return;
  left_over_ -= std::min(left_over_, bytes.size());
  if (left_over_ == 0) end_stream(stream);
}

// What the container still writes to it reaches nobody, and whoever listens is told so.
void Keeper::lose_stream(std::size_t index, int error) {
  Stream& stream = streams_[index];
  kept_.output_error = error;
  memcpy(stream.chunk.data(), &error, sizeof error);  // everyone has got what was in it
  clients_.send(static_cast<Clients::Parcel>(index), Message::kLost, std::span(stream.chunk).first(sizeof error));
  end_stream(stream);
}

void Keeper::end_stream(Stream& stream) {
  stream.ended = true;
  log_.finish(stream.kind, now(CLOCK_REALTIME));
  if (!kept_.terminal) *stream.source = Fd();
}

void Keeper::reap() {
  int status = 0;
  // __WALL: also one that was cloned without SIGCHLD as its exit signal.
  if (::waitpid(kept_.pid, &status, __WALL) != kept_.pid) {
    failed_ = errno;
    return;
  }
  status_ = status;
  checks_.reset();
  terminal_peer_ = Fd();
}

}  // namespace

std::optional<int> keep(Kept& kept) {
  std::optional<int> status;
  int failure = 0;
  {
    Keeper keeper(kept);
    status = keeper.run();
    failure = keeper.failure();
  }
  if (!status) errno = failure;
  return status;
}

}  // namespace caisson::keeper
