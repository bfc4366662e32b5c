#include "templates/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "templates/utf8.h"

namespace caisson::templates {

namespace {

using Json = nlohmann::ordered_json;

// The shortest digits that mean it; with an exponent below 1e-4 and from a million on (Go's fmt, "%v").
std::string real_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  const double size = std::fabs(value);
  const bool is_plain = size == 0 || (size >= 1e-4 && size < 1e6);
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 is_plain ? std::chars_format::fixed : std::chars_format::scientific);
  return {buffer.data(), end.ptr};
}

std::string map_text(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  std::ranges::sort(keys);
  std::string text = "map[";
  for (const std::string& key : keys)
    text += (text.ends_with('[') && text.size() == 4 ? "" : " ") + key + ":" + go_text(json[key]);
  return text + "]";
}

}  // namespace

std::string go_text(const Json& json) {
  switch (json.type()) {
    case Json::value_t::null: return "<nil>";
    case Json::value_t::string: return json.get_ref<const std::string&>();
    case Json::value_t::boolean: return json.get<bool>() ? "true" : "false";
    case Json::value_t::number_integer: return std::to_string(json.get<std::int64_t>());
    case Json::value_t::number_unsigned: return std::to_string(json.get<std::uint64_t>());
    case Json::value_t::number_float: return real_text(json.get<double>());
    case Json::value_t::object: return map_text(json);
    case Json::value_t::array: {
      std::string text = "[";
      for (const Json& each : json) text += (&each == &json.front() ? "" : " ") + go_text(each);
      return text + "]";
    }
    case Json::value_t::binary:
    case Json::value_t::discarded: break;
  }
  return "";
}

std::string go_text(const Value& value) { return value.is_missing() ? "<no value>" : go_text(value.json()); }

std::string go_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    constexpr std::string_view kSpecial = "\a\b\f\n\r\t\v\\\"";
    constexpr std::string_view kLetters = "abfnrtv\\\"";
    if (const std::size_t which = kSpecial.find(text[i]); which != std::string_view::npos && first != 0) {
      quoted += {'\\', kLetters[which]};
      ++i;
    } else if (first >= 0x20 && first < 0x7F) {
      quoted += text[i++];
    } else {
      const std::size_t length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
      const auto code = code_point(text.substr(i, length));
      const bool is_shown = code && *code >= 0xA0;
      quoted += is_shown ? std::string(text.substr(i, length)) : fmt::format("\\x{:02x}", first);
      i += is_shown ? length : 1;
    }
  }
  return quoted + "\"";
}

bool is_true(const Json& json) {
  if (json.is_null()) return false;
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_float()) return json.get<double>() != 0;
  if (json.is_number_unsigned()) return json.get<std::uint64_t>() != 0;
  if (json.is_number()) return json.get<std::int64_t>() != 0;
  if (json.is_string()) return !json.get_ref<const std::string&>().empty();
  return !json.empty();
}

std::string_view kind_word(const Json& json) {
  if (json.is_null()) return "nothing";
  if (json.is_boolean()) return "true or false";
  if (json.is_number()) return "a number";
  if (json.is_string()) return "text";
  return json.is_array() ? "a list" : "an object";
}

std::optional<int> order(const Json& a, const Json& b) {
  const auto of = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (a.is_string() && b.is_string()) return of(a.get_ref<const std::string&>(), b.get_ref<const std::string&>());
  if (a.is_number() && b.is_number()) return of(a, b);  // of any sign and size
  return std::nullopt;
}

std::optional<bool> equal(const Json& a, const Json& b) {
  if (const auto ordered = order(a, b)) return *ordered == 0;
  if (a.is_boolean() && b.is_boolean()) return a.get<bool>() == b.get<bool>();
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  return std::nullopt;
}

std::string compact_json(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace caisson::templates
