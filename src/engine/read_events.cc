// Events, read and followed.
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "engine/event_files.h"
#include "engine/events.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

using Json = nlohmann::ordered_json;
using Visit = std::function<Result<bool>(const Json& event)>;

constexpr std::string_view kTime = "{\"timeNano\":";

// The moment at the beginning of a line, which most are passed over by.
std::optional<std::int64_t> moment_of(std::string_view line) {
  if (!line.starts_with(kTime)) return std::nullopt;
  line.remove_prefix(kTime.size());
  return parse_signed(line.substr(0, line.find(',')));
}

// One of the files, read up to what has been written.
class EventFile {
 public:
  static Result<std::optional<EventFile>> open(const std::string& path) {
    Result<Fd> file = kernel::open_file(path, O_RDONLY | O_NOFOLLOW);
    if (!file && file.error().number == ENOENT) return std::optional<EventFile>();
    if (!file) return fail(std::move(file).error());
    struct stat status{};
    if (::fstat(file->get(), &status) != 0) return fail(os_error("fstat", path));
    EventFile opened;
    opened.file_ = std::move(*file);
    opened.inode_ = status.st_ino;
    opened.path_ = path;
    return std::optional(std::move(opened));
  }

  ino_t inode() const { return inode_; }

  /// Calls `visit` with each whole line; false once that returns false.
  template <class VisitLine>
  Result<bool> read_on(const VisitLine& visit) {
    std::array<char, 65536> buffer;
    while (true) {
      const ssize_t got = ::read(file_.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail(os_error("read", path_));
      if (got == 0) return true;
      half_.append(buffer.data(), static_cast<std::size_t>(got));
      std::size_t begin = 0;
      for (std::size_t end; (end = half_.find('\n', begin)) != std::string::npos; begin = end + 1) {
        if (!TRY(visit(std::string_view(half_).substr(begin, end - begin)))) return false;
      }
      half_.erase(0, begin);
      if (half_.size() > kLongestLine) half_.clear();
    }
  }

 private:
  static constexpr std::size_t kLongestLine = 4U << 20;
  Fd file_;
  ino_t inode_ = 0;
  std::string path_;
  std::string half_;
};

class Reader {
 public:
  Reader(const Places& places, const EventQuery& query, const Visit& visit)
      : places_(places), query_(query), visit_(visit) {}

  Result<> run();

 private:
  Result<bool> line(std::string_view text);
  bool knows(const std::string& path) const;
  Result<> open_new();
  Result<bool> read_on();
  Result<bool> wait(const Fd& changes) const;  // false: the time is over

  const Places& places_;
  const EventQuery& query_;
  const Visit& visit_;
  std::vector<EventFile> files_;  // the oldest first
};

Result<bool> Reader::line(std::string_view text) {
  const auto moment = moment_of(text);
  if (!moment || (query_.since_ns && *moment < *query_.since_ns)) return true;
  if (query_.until_ns && *moment > *query_.until_ns) return true;
  const Json event = Json::parse(text, nullptr, false);
  return event.is_object() ? visit_(event) : Result<bool>(true);
}

// As one that is not there: there is nothing to open.
bool Reader::knows(const std::string& path) const {
  const auto status = kernel::status_of(path);
  return !status || std::ranges::find(files_, status->st_ino, &EventFile::inode) != files_.end();
}

// Both may be new, if they were renamed twice since the last look; and they may be renamed at any time here.
Result<> Reader::open_new() {
  const std::string before = events_file_before(places_);
  std::optional<EventFile> last;
  do {
    if (!knows(before)) {
      if (auto file = TRY(EventFile::open(before))) files_.push_back(std::move(*file));
    }
    last = TRY(EventFile::open(events_file(places_)));
  } while (!knows(before));
  if (last && std::ranges::find(files_, last->inode(), &EventFile::inode) == files_.end())
    files_.push_back(std::move(*last));
  return {};
}

// Whoever had a file open when it was renamed may still write to it: that one is read on too.
Result<bool> Reader::read_on() {
  const auto visit = [&](std::string_view text) { return line(text); };
  for (;;) {
    for (EventFile& file : files_) {
      if (!TRY(file.read_on(visit))) return false;
    }
    while (files_.size() > 2) files_.erase(files_.begin());
    if (knows(events_file(places_))) return true;
    TRY(open_new());
  }
}

Result<bool> Reader::wait(const Fd& changes) const {
  int timeout_ms = -1;
  if (query_.until_ns) {
    const std::int64_t left_ns = *query_.until_ns - now_nanoseconds();
    if (left_ns <= 0) return false;
    timeout_ms = static_cast<int>(std::min<std::int64_t>(left_ns / 1'000'000 + 1, 3'600'000));
  }
  pollfd what{.fd = changes.get(), .events = POLLIN, .revents = 0};
  if (::poll(&what, 1, timeout_ms) < 0 && errno != EINTR) return fail(os_error("poll", "inotify"));
  alignas(inotify_event) std::array<char, 4096> buffer;
  while (::read(changes.get(), buffer.data(), buffer.size()) > 0) {
  }
  return true;
}

Result<> Reader::run() {
  Fd changes;
  if (query_.follow) {  // before the first look, so that nothing is missed
    TRY(kernel::make_directories(events_directory(places_), 0700));
    changes = Fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!changes) return fail(os_error("inotify_init1", "events"));
    constexpr std::uint32_t kWhat = IN_MODIFY | IN_CREATE | IN_MOVED_TO;
    if (::inotify_add_watch(changes.get(), events_directory(places_).c_str(), kWhat) < 0)
      return fail(os_error("inotify_add_watch", events_directory(places_)));
  }
  TRY(open_new());
  while (TRY(read_on()) && query_.follow && TRY(wait(changes))) {
  }
  return {};
}

}  // namespace

Result<> read_events(const Places& places, const EventQuery& query, const Visit& visit) {
  return Reader(places, query, visit).run();
}

}  // namespace caisson::engine
