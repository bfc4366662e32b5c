#include "base/duration.h"

#include <array>
#include <charconv>
#include <utility>

namespace caisson {

namespace {

constexpr double kCentury_ns = 100.0 * 365 * 86400 * 1e9;
constexpr std::array kUnits = {
    std::pair<std::string_view, double>{"ns", 1},    std::pair<std::string_view, double>{"us", 1e3},
    std::pair<std::string_view, double>{"µs", 1e3},  std::pair<std::string_view, double>{"ms", 1e6},
    std::pair<std::string_view, double>{"s", 1e9},   std::pair<std::string_view, double>{"m", 60e9},
    std::pair<std::string_view, double>{"h", 3600e9}};

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  double total_ns = 0;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number, std::chars_format::fixed);
    if (error != std::errc() || end != text.data() + digits) return std::nullopt;
    text.remove_prefix(digits);
    const std::string_view unit = text.substr(0, std::min(text.find_first_of("0123456789."), text.size()));
    double factor = 0;
    for (const auto& [name, value] : kUnits) {
      if (name == unit) factor = value;
    }
    if (factor == 0) return std::nullopt;
    text.remove_prefix(unit.size());
    total_ns += number * factor;
  }
  if (total_ns > kCentury_ns) return std::nullopt;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(total_ns));
}

}  // namespace caisson
