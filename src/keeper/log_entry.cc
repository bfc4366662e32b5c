#include "keeper/log_entry.h"

#include <chrono>

#include "base/text.h"
#include "keeper/json_text.h"

namespace caisson::keeper {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// The number in the `digits` first characters of `text`, which are taken off.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  const auto number = parse_unsigned(text.substr(0, digits));
  text.remove_prefix(digits);
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// ".5" as 500,000,000; 0 if there is none.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return 0;
  std::int64_t fraction = 0;
  std::int64_t unit = kSecond;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9' && unit > 1) {
    unit /= 10;
    fraction += unit * (text[0] - '0');
    text.remove_prefix(1);
  }
  if (unit == kSecond) return std::nullopt;
  return fraction;
}

// "Z" or "+01:00" in minutes.
std::optional<int> take_zone(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return 0;
  const bool west = text.starts_with('-');
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  const auto hours = take_number(text, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return (west ? -1 : 1) * (*hours * 60 + *minutes);
}

std::optional<LogEntry> parse_plain_entry(std::string_view line) {
  const Cut stamp = cut(line, ' ');
  if (!stamp.tail) return std::nullopt;
  const Cut stream = cut(*stamp.tail, ' ');
  if (!stream.tail) return std::nullopt;
  const Cut tag = cut(*stream.tail, ' ');
  if (!tag.tail) return std::nullopt;
  const auto time = parse_moment(stamp.head);
  if (!time || (stream.head != "stdout" && stream.head != "stderr") || (tag.head != "F" && tag.head != "P")) {
    return std::nullopt;
  }
  LogEntry entry{.time_ns = *time,
                 .stamp = stamp.head,
                 .stream = stream.head == "stdout" ? LogStream::kOutput : LogStream::kError,
                 .ends_line = tag.head == "F",
                 .text = *tag.tail};
  if (!entry.ends_line) entry.text.remove_suffix(1);
  return entry;
}

// Docker's. Its keys are in this order; others stand behind them ("attrs").
std::optional<LogEntry> parse_json_entry(std::string_view line, std::string& text) {
  LogEntry entry;
  std::string word;
  const auto take_word = [&](std::string_view key, std::string& value) {
    if (!line.starts_with(key)) return false;
    line.remove_prefix(key.size());
    return take_json_text(line, value);
  };
  if (!take_word("{\"log\":", text)) return std::nullopt;
  if (!take_word(",\"stream\":", word) || (word != "stdout" && word != "stderr")) return std::nullopt;
  entry.stream = word == "stdout" ? LogStream::kOutput : LogStream::kError;
  constexpr std::string_view kTime = ",\"time\":\"";
  if (!line.starts_with(kTime)) return std::nullopt;
  const Cut stamp = cut(line.substr(kTime.size()), '"');
  const auto time = parse_moment(stamp.head);
  if (!stamp.tail || !time) return std::nullopt;
  entry.time_ns = *time;
  entry.stamp = stamp.head;
  entry.ends_line = text.ends_with('\n');
  entry.text = text;
  return entry;
}

}  // namespace

std::optional<std::int64_t> parse_moment(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || (!take(text, 'T') && !take(text, 't'))) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  const auto zone = take_zone(text);
  if (!zone || !text.empty()) return std::nullopt;

  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (*year < 1970 || *year > 2200 || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return (((days * 24 + *hour) * 60 + *minute - *zone) * 60 + *second) * kSecond + *fraction;
}

std::optional<LogEntry> parse_log_entry(std::string_view line, std::string& text) {
  if (!line.ends_with('\n')) return std::nullopt;
  return line.starts_with('{') ? parse_json_entry(line, text) : parse_plain_entry(line);
}

}  // namespace caisson::keeper
