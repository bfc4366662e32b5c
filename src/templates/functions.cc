#include "templates/functions.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "templates/printf.h"

namespace caisson::templates {

namespace {

using Json = nlohmann::ordered_json;
using Arguments = std::span<const Value>;

std::unexpected<Error> wrong(std::string_view what) { return fail(complaint(std::string(what))); }

Result<const std::string*> text_of(const Value& value) {
  if (!value.json().is_string()) return wrong(fmt::format("{} where text is expected", kind_word(value.json())));
  return value.json().get_ptr<const std::string*>();
}

// A position from 0 to `size`.
Result<std::size_t> position(const Json& json, std::size_t size) {
  if (!json.is_number_integer()) return wrong(fmt::format("{} is no index", kind_word(json)));
  const bool is_inside = json.is_number_unsigned() ? json.get<std::uint64_t>() <= size
                                                   : json.get<std::int64_t>() >= 0 &&
                                                         static_cast<std::uint64_t>(json.get<std::int64_t>()) <= size;
  if (!is_inside) return wrong(fmt::format("the index {} is out of range: there are {}", go_text(json), size));
  return json.get<std::size_t>();
}

Result<Value> compare(Arguments arguments, bool (*holds)(int order)) {
  const auto ordered = order(arguments[0].json(), arguments[1].json());
  if (!ordered) {
    return wrong(
        fmt::format("{} and {} have no order", kind_word(arguments[0].json()), kind_word(arguments[1].json())));
  }
  return Value::made(holds(*ordered));
}

Result<bool> are_equal(const Value& a, const Value& b) {
  const auto same = equal(a.json(), b.json());
  if (!same) return wrong(fmt::format("{} and {} cannot be compared", kind_word(a.json()), kind_word(b.json())));
  return *same;
}

// Whether the first is any of the others.
Result<Value> eq(Arguments arguments) {
  for (const Value& other : arguments.subspan(1)) {
    if (TRY(are_equal(arguments[0], other))) return Value::made(true);
  }
  return Value::made(false);
}
Result<Value> ne(Arguments arguments) { return Value::made(!TRY(are_equal(arguments[0], arguments[1]))); }
Result<Value> lt(Arguments arguments) {
  return compare(arguments, [](int order) { return order < 0; });
}
Result<Value> le(Arguments arguments) {
  return compare(arguments, [](int order) { return order <= 0; });
}
Result<Value> gt(Arguments arguments) {
  return compare(arguments, [](int order) { return order > 0; });
}
Result<Value> ge(Arguments arguments) {
  return compare(arguments, [](int order) { return order >= 0; });
}
Result<Value> negation(Arguments arguments) { return Value::made(!is_true(arguments[0].json())); }

Result<Value> len(Arguments arguments) {
  const Json& json = arguments[0].json();
  if (json.is_string()) return Value::made(json.get_ref<const std::string&>().size());
  if (!json.is_structured()) return wrong(fmt::format("{} has no length", kind_word(json)));
  return Value::made(json.size());
}

// A key that is not there has what is nothing of its kind in Go: for the maps that people ask, an empty text.
Result<Value> element(const Value& of, const Json& key) {
  const Json& json = of.json();
  if (json.is_object()) {
    if (!key.is_string()) return wrong(fmt::format("{} is no key", kind_word(key)));
    const auto found = json.find(key.get_ref<const std::string&>());
    return found == json.end() ? Value::made("") : of.part(&*found);
  }
  if (json.is_string()) {
    const std::string& text = json.get_ref<const std::string&>();
    const std::size_t at = TRY(position(key, text.size()));
    if (at == text.size()) return wrong(fmt::format("the index {} is out of range: there are {}", at, text.size()));
    return Value::made(static_cast<unsigned char>(text[at]));
  }
  if (!json.is_array()) return wrong(fmt::format("{} has no elements", kind_word(json)));
  const std::size_t at = TRY(position(key, json.size()));
  if (at == json.size()) return wrong(fmt::format("the index {} is out of range: there are {}", at, json.size()));
  return of.part(&json[at]);
}

Result<Value> index(Arguments arguments) {
  Value value = arguments[0];
  for (const Value& key : arguments.subspan(1)) value = TRY(element(value, key.json()));
  return value;
}

Result<Value> slice(Arguments arguments) {
  const Json& json = arguments[0].json();
  if (!json.is_string() && !json.is_array()) return wrong(fmt::format("{} has no parts", kind_word(json)));
  const std::size_t size = json.is_string() ? json.get_ref<const std::string&>().size() : json.size();
  if (arguments.size() > 3 && json.is_string()) return wrong("a part of text has two ends, not three");
  const std::size_t from = arguments.size() > 1 ? TRY(position(arguments[1].json(), size)) : 0;
  const std::size_t to = arguments.size() > 2 ? TRY(position(arguments[2].json(), size)) : size;
  const std::size_t room = arguments.size() > 3 ? TRY(position(arguments[3].json(), size)) : size;
  if (from > to || to > room) return wrong(fmt::format("a part from {} to {}", from, std::min(to, room)));
  if (json.is_string()) return Value::made(json.get_ref<const std::string&>().substr(from, to - from));
  Json part = Json::array();
  for (std::size_t i = from; i < to; ++i) part.push_back(json[i]);
  return Value::made(std::move(part));
}

Result<Value> print(Arguments arguments) { return Value::made(go_print(arguments)); }
Result<Value> println(Arguments arguments) { return Value::made(go_println(arguments)); }
Result<Value> printf(Arguments arguments) {
  return Value::made(go_printf(*TRY(text_of(arguments[0])), arguments.subspan(1)));
}

Result<Value> json(Arguments arguments) { return Value::made(compact_json(arguments[0].json())); }

Result<Value> split_text(Arguments arguments) {
  const std::string& text = *TRY(text_of(arguments[0]));
  const std::string& separator = *TRY(text_of(arguments[1]));
  Json parts = Json::array();
  if (text.size() > kMostBytes / 16) return wrong("too long a text");  // a part costs more than its letters
  if (separator.empty()) {                                             // each character
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = at + 1;
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
      parts.push_back(text.substr(at, end - at));
      at = end;
    }
    return Value::made(std::move(parts));
  }
  std::size_t at = 0;
  for (std::size_t end; (end = text.find(separator, at)) != std::string::npos; at = end + separator.size())
    parts.push_back(text.substr(at, end - at));
  parts.push_back(text.substr(at));
  return Value::made(std::move(parts));
}

Result<Value> join_texts(Arguments arguments) {
  const Json& list = arguments[0].json();
  if (!list.is_array() && !list.is_null())
    return wrong(fmt::format("{} where a list is expected: {{{{join .List \", \"}}}}", kind_word(list)));
  const std::string& separator = *TRY(text_of(arguments[1]));
  std::string text;
  for (const Json& each : list) {
    if (!each.is_string()) return wrong(fmt::format("the list has {}, where all should be text", kind_word(each)));
    text += (&each == &list.front() ? "" : separator) + each.get_ref<const std::string&>();
    if (text.size() > kMostBytes) return wrong("too long a text");
  }
  return Value::made(std::move(text));
}

char upper_letter(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
char lower_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

Result<Value> upper(Arguments arguments) {
  std::string text = *TRY(text_of(arguments[0]));
  std::ranges::transform(text, text.begin(), upper_letter);
  return Value::made(std::move(text));
}

Result<Value> lower(Arguments arguments) {
  std::string text = *TRY(text_of(arguments[0]));
  std::ranges::transform(text, text.begin(), lower_letter);
  return Value::made(std::move(text));
}

// The first letter of each word.
Result<Value> title(Arguments arguments) {
  std::string text = *TRY(text_of(arguments[0]));
  bool begins = true;
  for (char& c : text) {
    const bool is_part = upper_letter(c) != lower_letter(c) || (c >= '0' && c <= '9') || c == '_' ||
                         static_cast<unsigned char>(c) >= 0x80;
    if (begins) c = upper_letter(c);
    begins = !is_part;
  }
  return Value::made(std::move(text));
}

Result<Value> pad(Arguments arguments) {
  const std::string& text = *TRY(text_of(arguments[0]));
  constexpr std::size_t kMostSpaces = 1000;
  const std::size_t before = TRY(position(arguments[1].json(), kMostSpaces));
  const std::size_t after = TRY(position(arguments[2].json(), kMostSpaces));
  if (text.empty()) return Value::made("");
  return Value::made(std::string(before, ' ') + text + std::string(after, ' '));
}

Result<Value> truncate(Arguments arguments) {
  const std::string& text = *TRY(text_of(arguments[0]));
  const std::size_t length = TRY(position(arguments[1].json(), kMostBytes));
  return Value::made(text.substr(0, length));
}

Result<Value> html(Arguments arguments) {
  std::string text;
  for (const char c : go_print(arguments)) {
    switch (c) {
      case '"': text += "&#34;"; break;
      case '\'': text += "&#39;"; break;
      case '&': text += "&amp;"; break;
      case '<': text += "&lt;"; break;
      case '>': text += "&gt;"; break;
      default: text += c; break;
    }
  }
  return Value::made(std::move(text));
}

Result<Value> urlquery(Arguments arguments) {
  std::string text;
  for (const char c : go_print(arguments)) {
    const bool is_plain =
        upper_letter(c) != lower_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
    text += is_plain ? std::string(1, c) : c == ' ' ? "+" : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return Value::made(std::move(text));
}

constexpr std::size_t kAny = 1000;

struct Function {
  std::string_view name;
  std::size_t least;  // arguments
  std::size_t most;
  Result<Value> (*call)(Arguments arguments);
};

constexpr std::array kFunctions = {
    Function{"and", 1, kAny, nullptr},
    Function{"or", 1, kAny, nullptr},
    Function{"not", 1, 1, negation},
    Function{"eq", 2, kAny, eq},
    Function{"ne", 2, 2, ne},
    Function{"lt", 2, 2, lt},
    Function{"le", 2, 2, le},
    Function{"gt", 2, 2, gt},
    Function{"ge", 2, 2, ge},
    Function{"len", 1, 1, len},
    Function{"index", 1, kAny, index},
    Function{"slice", 1, 4, slice},
    Function{"print", 0, kAny, print},
    Function{"printf", 1, kAny, printf},
    Function{"println", 0, kAny, println},
    Function{"html", 1, kAny, html},
    Function{"urlquery", 1, kAny, urlquery},
    Function{"json", 1, 1, json},
    Function{"split", 2, 2, split_text},
    Function{"join", 2, 2, join_texts},
    Function{"upper", 1, 1, upper},
    Function{"lower", 1, 1, lower},
    Function{"title", 1, 1, title},
    Function{"pad", 3, 3, pad},
    Function{"truncate", 2, 2, truncate},
};

}  // namespace

bool is_function(std::string_view name) {
  return std::ranges::find(kFunctions, name, &Function::name) != kFunctions.end();
}

std::vector<std::string_view> function_names() {
  std::vector<std::string_view> names;
  for (const Function& function : kFunctions) names.push_back(function.name);
  return names;
}

Result<Value> call_function(std::string_view name, std::span<const Value> arguments) {
  const auto function = std::ranges::find(kFunctions, name, &Function::name);
  if (function == kFunctions.end()) return wrong("there is no such function");
  if (arguments.size() < function->least || arguments.size() > function->most) {
    return wrong(fmt::format("it takes {}{} argument{}, not {}", function->most == kAny ? "at least " : "",
                             function->least == function->most || function->most == kAny
                                 ? fmt::format("{}", function->least)
                                 : fmt::format("{} to {}", function->least, function->most),
                             function->most == 1 ? "" : "s", arguments.size()));
  }
  if (function->call == nullptr) return arguments.back();
  Result<Value> value = function->call(arguments);
  if (value && value->json().is_string() && value->json().get_ref<const std::string&>().size() > kMostBytes)
    return wrong("too long a text");
  return value;
}

}  // namespace caisson::templates
