#include "cgroup/oom.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/text.h"
#include "kernel/files.h"
#include "kernel/syscalls.h"

namespace caisson::cgroup {

namespace {

constexpr std::string_view kMark = "oom-kill:constraint=CONSTRAINT_MEMCG,";

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  return std::nullopt;
}

// The log shows bytes that do not print, and the backslash, as \x1b.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "\\x" && i + 3 < text.size()) {
      const auto high = hex_digit(text[i + 2]), low = hex_digit(text[i + 3]);
      if (high && low) {
        out += static_cast<char>(*high << 4 | *low);
        i += 3;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

// What is between `before` and the first `after` behind it.
std::optional<std::string_view> between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t start = text.find(before);
  if (start == std::string_view::npos) return std::nullopt;
  const std::size_t end = text.find(after, start + before.size());
  if (end == std::string_view::npos) return std::nullopt;
  return text.substr(start + before.size(), end - start - before.size());
}

bool is_in(std::string_view cgroup, std::string_view path) {
  return cgroup == path || (cgroup.starts_with(path) && cgroup.substr(path.size()).starts_with('/'));
}

}  // namespace

std::optional<OomVictim> parse_oom_record(std::string_view record) {
  const Cut parts = cut(record, ';');
  if (!parts.tail || !parts.tail->starts_with(kMark)) return std::nullopt;
  const std::vector<std::string_view> prefix = split(parts.head, ',');
  if (parse_unsigned(prefix[0]).value_or(8) >= 8)
    return std::nullopt;  // a facility, so written by a process and not by the kernel
  const std::string_view line = cut(*parts.tail, '\n').head;  // what follows are the record's properties

  // A process names itself as it likes ("x,pid=1,uid=0"): what is before its name is looked for from the front, what is
  // behind it from the back.
  const std::size_t uid = line.rfind(",uid=");
  if (uid == std::string_view::npos) return std::nullopt;
  const std::size_t pid = line.substr(0, uid).rfind(",pid=");
  if (pid == std::string_view::npos) return std::nullopt;
  const auto number = parse_signed(line.substr(pid + 5, uid - pid - 5));
  const auto limit_cgroup = between(line, ",oom_memcg=", ",task_memcg=");
  const auto cgroup = between(line, ",task_memcg=", ",task=");
  const std::size_t name = line.find(",task=");
  if (prefix.size() < 3 || !number || !limit_cgroup || !cgroup || name + 6 > pid) return std::nullopt;

  return OomVictim{.pid = static_cast<pid_t>(*number),
                   .name = unescape(line.substr(name + 6, pid - name - 6)),
                   .cgroup = unescape(*cgroup),
                   .limit_cgroup = unescape(*limit_cgroup),
                   .time_us = parse_unsigned(prefix[2]).value_or(0)};
}

std::vector<OomVictim> read_oom_victims(const std::string& path, std::uint64_t since_us) {
  constexpr std::uint64_t kClockDrift_us = 1'000'000;  // the log's clock is not adjusted as CLOCK_MONOTONIC is
  std::vector<OomVictim> victims;
  const Result<Fd> log = kernel::open_file("/dev/kmsg", O_RDONLY | O_NONBLOCK);
  if (!log) return victims;
  std::array<char, 8192> buffer;  // a record is never longer (PRINTK_MESSAGE_MAX is 2048, and it may be escaped)
  for (;;) {
    const ssize_t length = kernel::retry([&] { return ::read(log->get(), buffer.data(), buffer.size()); });
    if (length < 0 && errno == EPIPE)
      continue;  // the record was overwritten meanwhile: the next read is of the oldest there is
    if (length <= 0) return victims;
    auto victim = parse_oom_record({buffer.data(), static_cast<std::size_t>(length)});
    if (victim && is_in(victim->cgroup, path) && victim->time_us + kClockDrift_us >= since_us)
      victims.push_back(std::move(*victim));
  }
}

}  // namespace caisson::cgroup
