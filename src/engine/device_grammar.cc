#include "engine/device_grammar.h"

#include <limits>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/value_grammar.h"

namespace caisson::engine {

namespace {

Result<std::optional<std::int64_t>> read_device_number(std::string_view text) {
  if (text == "*") return std::optional<std::int64_t>();
  return std::optional(TRY(read_number(text, 0, std::numeric_limits<std::uint32_t>::max())));
}

// Splits "DEVICE:VALUE".
struct Parts {
  DeviceLimit limit;
  std::string_view value;
};
Result<Parts> split_limit(std::string_view text, std::string_view form) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !text.starts_with('/'))
    return fail(
        complaint(fmt::format("'{}' is not {}, as in /dev/sda:{}", text, form, form == "DEVICE:SIZE" ? "1m" : "500")));
  return Parts{.limit = {.device = std::string(text.substr(0, colon))}, .value = text.substr(colon + 1)};
}

}  // namespace

Result<DeviceRuleChoice> read_device_rule(std::string_view text) {
  const std::vector<std::string_view> words = split(text, ' ');
  const bool has_type = words.size() == 3 && (words[0] == "a" || words[0] == "b" || words[0] == "c");
  const Cut numbers = cut(has_type ? words[1] : std::string_view(), ':');
  if (!numbers.tail) {
    return fail(complaint(fmt::format("'{}' is not TYPE MAJOR:MINOR ACCESS", text),
                          "TYPE is a, b or c, a number may be *: 'c 42:* rmw'"));
  }
  const std::string_view access = words[2];
  if (access.empty() || access.size() > 3 || access.find_first_not_of("rwm") != std::string_view::npos)
    return fail(complaint(fmt::format("'{}' is not made of r, w and m", access)));
  return DeviceRuleChoice{.type = words[0][0],
                          .major = TRY(read_device_number(numbers.head)),
                          .minor = TRY(read_device_number(*numbers.tail)),
                          .access = std::string(access)};
}

Result<DeviceLimit> read_device_bytes(std::string_view text) {
  Parts parts = TRY(split_limit(text, "DEVICE:SIZE"));
  parts.limit.value = static_cast<std::uint64_t>(TRY(read_size(parts.value)));
  return std::move(parts.limit);
}

Result<DeviceLimit> read_device_operations(std::string_view text) {
  Parts parts = TRY(split_limit(text, "DEVICE:N"));
  parts.limit.value =
      static_cast<std::uint64_t>(TRY(read_number(parts.value, 0, std::numeric_limits<std::int64_t>::max())));
  return std::move(parts.limit);
}

Result<DeviceLimit> read_device_weight(std::string_view text) {
  Parts parts = TRY(split_limit(text, "DEVICE:N"));
  parts.limit.value = static_cast<std::uint64_t>(TRY(read_number(parts.value, 10, 1000)));
  return std::move(parts.limit);
}

}  // namespace caisson::engine
