#include "keeper/json_text.h"

#include <string.h>

namespace caisson::keeper {

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr char kReplacement[] = "\xEF\xBF\xBD";  // U+FFFD

// How long the character is that `lead` begins, as far as its first byte tells; 0: it begins none.
std::size_t length_of(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; }

// The length of the character that `text` begins with; 0: those are no UTF-8 (Unicode 15, table 3-7).
std::size_t character_length(std::span<const char> text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = length_of(lead);
  if (length <= 1) return length;
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const bool is_overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool is_surrogate = lead == 0xED && second > 0x9F;
  const bool is_beyond = lead == 0xF4 && second > 0x8F;
  return is_overlong || is_surrogate || is_beyond ? 0 : length;
}

char* write_escaped(unsigned char c, char* to) {
  *to++ = '\\';
  switch (c) {
    case '"':
    case '\\': *to++ = static_cast<char>(c); return to;
    case '\n': *to++ = 'n'; return to;
    case '\r': *to++ = 'r'; return to;
    case '\t': *to++ = 't'; return to;
    default: break;
  }
  for (const char digit : {'u', '0', '0', kHexDigits[c >> 4], kHexDigits[c & 0xFU]}) *to++ = digit;
  return to;
}

}  // namespace

std::size_t unfinished_bytes(std::span<const char> text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const char c = text[text.size() - back];
    if (is_continuation(c)) continue;
    return length_of(static_cast<unsigned char>(c)) > back ? back : 0;
  }
  return 0;
}

std::size_t write_json_text(std::span<const char> text, char* to) {
  char* const begin = to;
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text[0]);
    std::size_t length = character_length(text);
    if (length == 0) {
      memcpy(to, kReplacement, sizeof kReplacement - 1);
      to += sizeof kReplacement - 1;
      length = 1;
    } else if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F) {
      to = write_escaped(c, to);
    } else {
      memcpy(to, text.data(), length);
      to += length;
    }
    text = text.subspan(length);
  }
  return static_cast<std::size_t>(to - begin);
}

}  // namespace caisson::keeper
