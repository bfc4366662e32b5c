#include "registry/base64.h"

#include <cstdint>

namespace caisson::registry {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6;) text += kAlphabet[bits >> (count -= 6) & 63U];
  }
  if (count > 0) text += kAlphabet[bits << (6 - count) & 63U];
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
  const std::size_t padding = text.find('=');
  const std::string_view digits = text.substr(0, padding);
  if (digits.size() % 4 == 1) return std::nullopt;
  if (padding != std::string_view::npos) {
    const std::string_view rest = text.substr(padding);
    if (rest.size() != (4 - digits.size() % 4) % 4 || rest.find_first_not_of('=') != std::string_view::npos) {
      return std::nullopt;
    }
  }
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char digit : digits) {
    const std::size_t value = kAlphabet.find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) bytes += static_cast<char>(bits >> (count -= 8) & 255U);
  }
  return bytes;
}

}  // namespace caisson::registry
