#include "cli/moment.h"

#include <string>

#include <fmt/format.h>

#include "base/duration.h"
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
  if (const auto ago = caisson::parse_duration(text)) return now_nanoseconds() - ago->count();
  if (const auto moment = date(text)) return *moment;
  return fail(complaint(fmt::format("'{}' is no moment: RFC 3339, seconds since 1970, or a duration (10m) is", text)));
}

}  // namespace caisson::cli
