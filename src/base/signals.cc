#include "base/signals.h"

#include <algorithm>
#include <csignal>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson {

namespace {

constexpr int kLastStandard = 31;

// "RTMIN", "RTMIN+3", "RTMAX-1": the bounds are the C library's, which keeps the first two for itself.
std::optional<int> parse_realtime(std::string_view name) {
  const bool from_below = name.starts_with("RTMIN");
  if (!from_below && !name.starts_with("RTMAX")) return std::nullopt;
  const std::string_view rest = name.substr(5);
  const int start = from_below ? SIGRTMIN : SIGRTMAX;
  if (rest.empty()) return start;
  if (rest[0] != (from_below ? '+' : '-')) return std::nullopt;
  const std::optional<std::uint64_t> distance = parse_unsigned(rest.substr(1));
  if (!distance || *distance > static_cast<std::uint64_t>(SIGRTMAX - SIGRTMIN)) return std::nullopt;
  return from_below ? start + static_cast<int>(*distance) : start - static_cast<int>(*distance);
}

}  // namespace

std::optional<int> parse_signal(std::string_view text) {
  if (const std::optional<std::uint64_t> number = parse_unsigned(text)) {
    if (*number < 1 || *number > static_cast<std::uint64_t>(SIGRTMAX)) return std::nullopt;
    return static_cast<int>(*number);
  }
  std::string name(text);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  if (name.starts_with("SIG")) name.erase(0, 3);
  if (name == "IOT") return SIGABRT;
  if (name == "CLD") return SIGCHLD;
  for (int number = 1; number <= kLastStandard; ++number) {
    const char* known = sigabbrev_np(number);
    if (known != nullptr && name == known) return number;
  }
  return parse_realtime(name);
}

std::string signal_name(int number) {
  if (number >= 1 && number <= kLastStandard) {
    if (const char* known = sigabbrev_np(number)) return std::string("SIG") + known;
  }
  if (number == SIGRTMIN) return "SIGRTMIN";
  if (number > SIGRTMIN && number <= SIGRTMAX) return fmt::format("SIGRTMIN+{}", number - SIGRTMIN);
  return fmt::format("signal {}", number);
}

}  // namespace caisson
