// What the programs say beside their output: one line a message on standard error or in a file, as text or JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace caisson {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson, kLogfmt };

/// Where messages go and which of them. Passed by reference to whoever may have something to say; never used by a
/// container's child process, which reports to its parent instead.
class Log {
 public:
  Log() = default;
  Log(int fd, LogLevel threshold, LogFormat format, std::string_view program = "caisson")
      : fd_(fd), threshold_(threshold), format_(format), program_(program) {}

  void debug(std::string_view message) const { write(LogLevel::kDebug, message); }
  void info(std::string_view message) const { write(LogLevel::kInfo, message); }
  void warning(std::string_view message) const { write(LogLevel::kWarning, message); }
  void error(std::string_view message) const { write(LogLevel::kError, message); }

  /// What may help with the error before it: a line "hint: …" of its own, whatever the level.
  void hint(std::string_view message) const;

  /// Text: "caisson: warning: message". JSON: {"level":…,"msg":…,"time":RFC 3339}, the form of runc's --log-format
  /// json. Logfmt: time="…" level=warning msg="…", that of its text.
  void write(LogLevel level, std::string_view message) const;

  bool shows(LogLevel level) const { return level >= threshold_; }
  LogFormat format() const { return format_; }

 private:
  std::string line(LogLevel level, std::string_view message) const;

  int fd_ = 2;
  LogLevel threshold_ = LogLevel::kWarning;
  LogFormat format_ = LogFormat::kText;
  std::string_view program_ = "caisson";  ///< a literal
};

std::optional<LogLevel> parse_log_level(std::string_view word);    ///< debug, info, warn(ing), error
std::optional<LogFormat> parse_log_format(std::string_view word);  ///< text, json

/// `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_quote(std::string_view text);

/// A moment (nanoseconds since the epoch) in UTC as RFC 3339 with nanoseconds: "2026-11-23T13:09:47.123456789Z".
std::string rfc3339(long long nanoseconds);

/// Nanoseconds since the epoch, now.
long long now_nanoseconds();

}  // namespace caisson
