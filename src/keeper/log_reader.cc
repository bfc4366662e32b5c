#include "keeper/log_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/fd.h"

namespace caisson::keeper {

namespace {

constexpr std::size_t kBlock = 1U << 16;

// One file of the log, read up to `at`.
struct LogPart {
  Fd file;
  ino_t inode = 0;
  std::int64_t length = 0;
  std::int64_t at = 0;
};

Result<std::optional<LogPart>> open_part(const std::string& path) {
  LogPart part{.file = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC))};
  if (!part.file && errno == ENOENT) return std::nullopt;
  if (!part.file) return fail(os_error("open", path));
  struct stat status{};
  if (::fstat(part.file.get(), &status) != 0) return fail(os_error("fstat", path));
  part.inode = status.st_ino;
  part.length = status.st_size;
  return part;
}

ino_t inode_of(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

// All files of the log, oldest first, as they stood between two rotations.
Result<std::vector<LogPart>> open_parts(const std::string& path) {
  for (;;) {
    std::vector<LogPart> parts;
    const ino_t newest = inode_of(path);
    bool moved = false;
    // Half-way through a rotation one name is missing; two in a row are the end.
    for (int age = 0, missing = 0; missing < 2; ++age) {
      auto part = TRY(open_part(age == 0 ? path : fmt::format("{}.{}", path, age)));
      missing = part ? 0 : missing + 1;
      if (!part) continue;
      moved = moved || std::ranges::any_of(parts, [&](const LogPart& other) { return other.inode == part->inode; });
      parts.push_back(std::move(*part));
    }
    if (moved || inode_of(path) != newest) continue;
    std::ranges::reverse(parts);
    return parts;
  }
}

class LogReader {
 public:
  LogReader(const std::string& path, const LogQuery& query, const LogSink& sink)
      : path_(path), query_(query), sink_(sink) {}

  Result<> read();

 private:
  Result<> begin();
  Result<> skip_to_tail();
  Result<bool> find_tail(LogPart& part, std::size_t& wanted, std::array<bool, 2>& line_seen) const;
  Result<> read_on();
  Result<> read_part(LogPart& part);
  Result<> follow();
  bool wanted(const LogEntry& entry) const;

  const std::string& path_;
  const LogQuery& query_;
  const LogSink& sink_;
  std::vector<LogPart> parts_;  // what is still to be read; the last one may grow
};

Result<> LogReader::read() {
  if (query_.follow_until >= 0) return follow();
  TRY(begin());
  return read_on();
}

Result<> LogReader::begin() {
  parts_ = TRY(open_parts(path_));
  if (query_.tail) TRY(skip_to_tail());
  return {};
}

bool LogReader::wanted(const LogEntry& entry) const {
  return entry.time_ns >= query_.since_ns && entry.time_ns <= query_.until_ns &&
         (entry.stream == LogStream::kOutput ? query_.output : query_.error);
}

// Sets the parts to where the last lines begin, reading backwards from the end.
Result<> LogReader::skip_to_tail() {
  std::size_t lines = *query_.tail;
  std::array<bool, 2> line_seen{};
  for (std::size_t i = parts_.size(); i-- > 0;) {
    if (TRY(find_tail(parts_[i], lines, line_seen))) {
      parts_.erase(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(i));
      return {};
    }
  }
  return {};
}

// Counts the wanted lines of `part` off `lines`, from its end. True, with the part set to there, where one more would
// be too many. A line is counted at its last entry, so that its other entries come with it.
Result<bool> LogReader::find_tail(LogPart& part, std::size_t& lines, std::array<bool, 2>& line_seen) const {
  std::string block;  // what lies behind `start` and is not counted yet
  std::string text;
  for (std::int64_t start = part.length; start > 0;) {
    const std::int64_t from = std::max<std::int64_t>(0, start - static_cast<std::int64_t>(kBlock));
    std::string before(static_cast<std::size_t>(start - from), '\0');
    if (::pread(part.file.get(), before.data(), before.size(), from) != static_cast<ssize_t>(before.size())) {
      return fail(os_error("pread", path_));
    }
    block.insert(0, before);
    start = from;
    // Every line of the block whose beginning is in it.
    while (!block.empty()) {
      const std::size_t newline = block.size() > 1 ? block.rfind('\n', block.size() - 2) : std::string::npos;
      if (newline == std::string::npos && start > 0) break;
      const std::size_t begin = newline == std::string::npos ? 0 : newline + 1;
      const auto entry = parse_log_entry(std::string_view(block).substr(begin), text);
      if (entry && wanted(*entry)) {
        bool& seen = line_seen[static_cast<std::size_t>(entry->stream)];
        if (entry->ends_line || !seen) {
          if (lines == 0) {
            part.at = start + static_cast<std::int64_t>(block.size());
            return true;
          }
          --lines;
        }
        seen = true;
      }
      block.resize(begin);
    }
  }
  return false;
}

Result<> LogReader::read_on() {
  for (LogPart& part : parts_) TRY(read_part(part));
  if (parts_.size() > 1) parts_.erase(parts_.begin(), parts_.end() - 1);
  return {};
}

// Gives the sink all whole entries from `at` on; what is not whole yet is left for the next time.
Result<> LogReader::read_part(LogPart& part) {
  std::string block;
  std::string text;
  for (;;) {
    const std::size_t kept = block.size();
    block.resize(kept + kBlock);
    const ssize_t length =
        ::pread(part.file.get(), block.data() + kept, kBlock, part.at + static_cast<std::int64_t>(kept));
    if (length < 0) return fail(os_error("pread", path_));
    block.resize(kept + static_cast<std::size_t>(length));
    if (length == 0) return {};

    std::size_t begin = 0;
    for (std::size_t end = 0; (end = block.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const auto entry = parse_log_entry(std::string_view(block).substr(begin, end + 1 - begin), text);
      if (entry && wanted(*entry)) TRY(sink_(*entry));
    }
    part.at += static_cast<std::int64_t>(begin);
    block.erase(0, begin);
  }
}

Result<> LogReader::follow() {
  const std::size_t slash = path_.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  const Fd events(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!events) return fail(os_error("inotify_init1", directory));
  if (::inotify_add_watch(events.get(), directory.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0) {
    return fail(os_error("inotify_add_watch", directory));
  }
  TRY(begin());

  for (bool last = false;;) {
    TRY(read_on());
    const ino_t newest = inode_of(path_);
    if (newest != 0 && (parts_.empty() || newest != parts_.back().inode)) {
      // Set aside meanwhile: nothing more is written to it, but something may have been since it was read.
      TRY(read_on());
      auto parts = TRY(open_parts(path_));
      const auto known = std::ranges::find_if(
          parts, [&](const LogPart& part) { return !parts_.empty() && part.inode == parts_.back().inode; });
      if (known != parts.end()) parts.erase(parts.begin(), known + 1);
      parts_ = std::move(parts);
      continue;
    }
    if (last) return {};
    std::array<pollfd, 2> watched{{{.fd = events.get(), .events = POLLIN, .revents = 0},
                                   {.fd = query_.follow_until, .events = POLLIN, .revents = 0}}};
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return fail(os_error("poll", path_));
    last = watched[1].revents != 0;
    std::array<char, 4096> unread;
    while (::read(events.get(), unread.data(), unread.size()) > 0) {
    }
  }
}

}  // namespace

Result<> read_log(const std::string& path, const LogQuery& query, const LogSink& sink) {
  return LogReader(path, query, sink).read();
}

}  // namespace caisson::keeper
