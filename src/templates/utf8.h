// Characters as UTF-8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace caisson::templates {

constexpr bool is_code_point(std::uint32_t code) { return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF); }

/// One character's bytes.
inline std::string utf8(std::uint32_t code) {
  const auto byte = [](std::uint32_t bits) { return static_cast<char>(bits); };
  const auto follower = [&](unsigned shift, std::uint32_t of) { return byte(0x80U | (of >> shift & 0x3FU)); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0U | code >> 6U), follower(0, code)};
  if (code < 0x10000) return {byte(0xE0U | code >> 12U), follower(6, code), follower(0, code)};
  return {byte(0xF0U | code >> 18U), follower(12, code), follower(6, code), follower(0, code)};
}

/// The number of a text that is one character; nothing if it is not.
inline std::optional<std::uint32_t> code_point(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  const auto first = static_cast<unsigned char>(text[0]);
  constexpr std::uint32_t kMasks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  std::uint32_t code = first & kMasks[text.size()];
  for (const char c : text.substr(1)) code = code << 6U | (static_cast<unsigned char>(c) & 0x3FU);
  if (!is_code_point(code) || utf8(code) != text) return std::nullopt;
  return code;
}

}  // namespace caisson::templates
