#include "cli/moment.h"

#include <string>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "keeper/log_entry.h"

namespace caisson::cli {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// ".5" as nanoseconds; digits beyond nine are dropped.
std::optional<std::int64_t> fraction(std::string_view digits) {
  std::string nine(digits.substr(0, 9));
  nine.resize(9, '0');
  const auto value = parse_unsigned(nine);
  return value && !digits.empty() ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
}

std::optional<std::int64_t> seconds_since_epoch(std::string_view text) {
  const Cut parts = cut(text, '.');
  const auto whole = parse_unsigned(parts.head);
  const auto part = parts.tail ? fraction(*parts.tail) : std::optional<std::int64_t>(0);
  if (!whole || !part || *whole > INT64_MAX / kSecond - 1) return std::nullopt;
  return static_cast<std::int64_t>(*whole) * kSecond + *part;
}

std::optional<std::int64_t> duration(std::string_view text) {
  std::int64_t total = 0;
  while (!text.empty()) {
    const std::size_t digits = text.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string_view::npos) return std::nullopt;
    const auto count = parse_unsigned(text.substr(0, digits));
    const std::size_t unit = std::string_view("smhd").find(text[digits]);
    constexpr std::int64_t kUnits[] = {1, 60, 3600, 86400};
    if (!count || unit == std::string_view::npos || *count > 1'000'000) return std::nullopt;
    total += static_cast<std::int64_t>(*count) * kUnits[unit] * kSecond;
    text.remove_prefix(digits + 1);
  }
  return total;
}

// A date alone is its midnight; without a zone it is UTC.
std::optional<std::int64_t> date(std::string_view text) {
  std::string whole(text);
  if (whole.find('T') == std::string::npos) whole += "T00:00:00";
  if (const auto moment = keeper::parse_moment(whole)) return moment;
  return keeper::parse_moment(whole + "Z");
}

}  // namespace

Result<std::int64_t> parse_moment(std::string_view text) {
  if (const auto seconds = seconds_since_epoch(text)) return *seconds;
  if (const auto ago = duration(text); ago && !text.empty()) return now_nanoseconds() - *ago;
  if (const auto moment = date(text)) return *moment;
  return fail(complaint(fmt::format("'{}' is no moment: RFC 3339, seconds since 1970, or a duration (10m) is", text)));
}

}  // namespace caisson::cli
