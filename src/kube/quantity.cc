#include "kube/quantity.h"

#include <limits>

namespace caisson::kube {

namespace {

struct Suffix {
  std::string_view text;
  __int128 numerator;
  __int128 denominator = 1;
};
constexpr __int128 kKi = 1024;
constexpr __int128 kK = 1000;
constexpr Suffix kSuffixes[] = {{"", 1},
                                {"n", 1, kK* kK* kK},
                                {"u", 1, kK* kK},
                                {"m", 1, kK},
                                {"k", kK},
                                {"M", kK* kK},
                                {"G", kK* kK* kK},
                                {"T", kK* kK* kK* kK},
                                {"P", kK* kK* kK* kK* kK},
                                {"E", kK* kK* kK* kK* kK* kK},
                                {"Ki", kKi},
                                {"Mi", kKi* kKi},
                                {"Gi", kKi* kKi* kKi},
                                {"Ti", kKi* kKi* kKi* kKi},
                                {"Pi", kKi* kKi* kKi* kKi* kKi},
                                {"Ei", kKi* kKi* kKi* kKi* kKi* kKi}};
constexpr std::size_t kMostDigits = 18;
constexpr int kMostExponent = 18;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "e3", "E-3".
std::optional<int> exponent(std::string_view text) {
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) return std::nullopt;
  text.remove_prefix(1);
  const bool is_negative = text[0] == '-';
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  if (text.empty() || text.size() > 2) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  if (value > kMostExponent) return std::nullopt;
  return is_negative ? -value : value;
}

}  // namespace

std::optional<std::int64_t> parse_quantity(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  __int128 value = 0;
  __int128 denominator = 1;
  std::size_t digits = 0;
  bool fraction = false;
  std::size_t i = 0;
  for (; i < text.size() && (is_digit(text[i]) || (text[i] == '.' && !fraction)); ++i) {
    if (text[i] == '.') {
      fraction = true;
      continue;
    }
    if (++digits > kMostDigits) return std::nullopt;
    value = value * 10 + (text[i] - '0');
    if (fraction) denominator *= 10;
  }
  if (digits == 0) return std::nullopt;
  const std::string_view rest = text.substr(i);
  __int128 numerator = 0;
  if (const auto power = exponent(rest)) {
    numerator = 1;
    for (int n = 0; n < *power; ++n) numerator *= 10;
    for (int n = 0; n > *power; --n) denominator *= 10;
  } else {
    for (const Suffix& suffix : kSuffixes) {
      if (suffix.text != rest) continue;
      numerator = suffix.numerator;
      denominator *= suffix.denominator;
    }
  }
  if (numerator == 0) return std::nullopt;
  constexpr __int128 kMost = std::numeric_limits<std::int64_t>::max();
  if (value != 0 && numerator > kMost * kMost / value / 1000) return std::nullopt;
  const __int128 thousandths = (value * numerator * 1000 + denominator - 1) / denominator;
  if (thousandths > kMost) return std::nullopt;
  return static_cast<std::int64_t>(thousandths);
}

std::string in_units(std::int64_t thousandths, std::int64_t divisor_thousandths) {
  if (divisor_thousandths <= 0) return "0";
  const __int128 units = (static_cast<__int128>(thousandths) + divisor_thousandths - 1) / divisor_thousandths;
  return std::to_string(static_cast<std::int64_t>(units));
}

}  // namespace caisson::kube
