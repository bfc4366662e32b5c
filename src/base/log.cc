#include "base/log.h"

#include <time.h>
#include <unistd.h>

#include <fmt/format.h>

namespace caisson {

namespace {

std::string_view level_word(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kError: return "error";
  }
  return "";
}

// Length of the UTF-8 sequence that starts `text`, 0 if it is not one (RFC 3629; overlong forms and surrogates are
// not).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
    return continues(1) && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
    return continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

void Log::write(LogLevel level, std::string_view message) const {
  if (!shows(level)) return;
  const std::string text = line(level, message);
  (void)!::write(fd_, text.data(), text.size());
}

std::string Log::line(LogLevel level, std::string_view message) const {
  switch (format_) {
    case LogFormat::kText: return fmt::format("{}: {}: {}\n", program_, level_word(level), message);
    case LogFormat::kJson:
      return fmt::format("{{\"level\":\"{}\",\"msg\":{},\"time\":\"{}\"}}\n", level_word(level), json_quote(message),
                         rfc3339(now_nanoseconds()));
    case LogFormat::kLogfmt:
      return fmt::format("time=\"{}\" level={} msg={}\n", rfc3339(now_nanoseconds()), level_word(level),
                         json_quote(message));
  }
  return {};
}

void Log::hint(std::string_view message) const {
  if (format_ != LogFormat::kText) return write(LogLevel::kError, fmt::format("hint: {}", message));
  const std::string line = fmt::format("hint: {}\n", message);
  (void)!::write(fd_, line.data(), line.size());
}

std::optional<LogLevel> parse_log_level(std::string_view word) {
  if (word == "debug") return LogLevel::kDebug;
  if (word == "info") return LogLevel::kInfo;
  if (word == "warn" || word == "warning") return LogLevel::kWarning;
  if (word == "error") return LogLevel::kError;
  return std::nullopt;
}

std::optional<LogFormat> parse_log_format(std::string_view word) {
  if (word == "text") return LogFormat::kText;
  if (word == "json") return LogFormat::kJson;
  return std::nullopt;
}

std::string json_quote(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const char c = text[0];
    if (length == 0) {
      quoted += "\\ufffd";
    } else if (length > 1) {
      quoted += text.substr(0, length);
    } else if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return quoted + "\"";
}

std::string rfc3339(long long nanoseconds) {
  const time_t seconds = nanoseconds / 1'000'000'000;
  struct tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, nanoseconds % 1'000'000'000);
}

long long now_nanoseconds() {
  struct timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

}  // namespace caisson
