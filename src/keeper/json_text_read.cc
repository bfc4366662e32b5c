// Reading: apart from the rest, which the monitor is made of.
#include "keeper/json_text.h"

namespace caisson::keeper {

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The four digits behind "\u", which are taken off; -1 if they are none.
int take_code_unit(std::string_view& json) {
  if (json.size() < 4) return -1;
  int unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int value = hex_value(json[static_cast<std::size_t>(i)]);
    if (value < 0) return -1;
    unit = unit * 16 + value;
  }
  json.remove_prefix(4);
  return unit;
}

void append_utf8(std::string& text, unsigned code_point) {
  const auto put = [&](unsigned byte) { text.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) return put(code_point);
  if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3F));
  } else {
    put(0xF0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3F));
    put(0x80 | (code_point >> 6 & 0x3F));
  }
  put(0x80 | (code_point & 0x3F));
}

// What stands behind a backslash. Other writers of such logs use all of JSON's escapes.
bool take_escape(std::string_view& json, std::string& text) {
  if (json.empty()) return false;
  const char kind = json[0];
  json.remove_prefix(1);
  constexpr std::string_view kLetters = "bfnrt\"\\/";
  constexpr std::string_view kMeanings = "\b\f\n\r\t\"\\/";
  if (const std::size_t at = kLetters.find(kind); at != std::string_view::npos) {
    text.push_back(kMeanings[at]);
    return true;
  }
  if (kind != 'u') return false;
  int unit = take_code_unit(json);
  if (unit < 0) return false;
  if (unit >= 0xD800 && unit < 0xDC00 && json.starts_with("\\u")) {
    json.remove_prefix(2);
    const int low = take_code_unit(json);
    if (low < 0xDC00 || low > 0xDFFF) return false;
    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
  }
  append_utf8(text, static_cast<unsigned>(unit));
  return true;
}

}  // namespace

bool take_json_text(std::string_view& json, std::string& text) {
  if (!json.starts_with('"')) return false;
  json.remove_prefix(1);
  text.clear();
  for (;;) {
    const std::size_t plain = json.find_first_of("\"\\");
    if (plain == std::string_view::npos) return false;
    text.append(json.substr(0, plain));
    const bool ends = json[plain] == '"';
    json.remove_prefix(plain + 1);
    if (ends) return true;
    if (!take_escape(json, text)) return false;
  }
}

}  // namespace caisson::keeper
