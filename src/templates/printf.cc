#include "templates/printf.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "templates/utf8.h"

namespace caisson::templates {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kWidest = 1000;

struct Directive {
  bool is_left = false;
  bool has_plus = false;
  bool has_space = false;
  bool is_alternative = false;  // #
  bool has_zeros = false;
  std::optional<int> width;
  std::optional<int> precision;
  char verb = 0;
};

std::string_view go_type(const Json& json) {
  if (json.is_null()) return "<nil>";
  if (json.is_boolean()) return "bool";
  if (json.is_number_float()) return "float64";
  if (json.is_number()) return "int";
  if (json.is_string()) return "string";
  return json.is_array() ? "[]interface {}" : "map[string]interface {}";
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(std::string text, const Directive& directive, bool with_zeros) {
  const std::size_t width = static_cast<std::size_t>(directive.width.value_or(0));
  const std::size_t length = characters(text);
  if (length >= width) return text;
  if (directive.is_left) return text.append(width - length, ' ');
  if (!with_zeros) return text.insert(0, width - length, ' ');
  const std::size_t sign = text.starts_with('-') || text.starts_with('+') || text.starts_with(' ') ? 1 : 0;
  return text.insert(sign, width - length, '0');
}

// The first `precision` characters.
std::string shortened(const std::string& text, const Directive& directive) {
  if (!directive.precision) return text;
  std::size_t at = 0;
  for (int left = *directive.precision; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
    if (begins && left-- == 0) break;
  }
  return text.substr(0, at);
}

std::string wrong_verb(char verb, const Json& json) {
  if (json.is_null()) return fmt::format("%!{}(<nil>)", verb);
  return fmt::format("%!{}({}={})", verb, go_type(json), go_text(json));
}

std::string sign_of(bool is_negative, const Directive& directive) {
  return is_negative ? "-" : directive.has_plus ? "+" : directive.has_space ? " " : "";
}

std::string integer(const Json& json, const Directive& directive) {
  const bool is_negative = json.is_number_integer() && !json.is_number_unsigned() && json.get<std::int64_t>() < 0;
  const std::uint64_t size =
      is_negative ? 0 - static_cast<std::uint64_t>(json.get<std::int64_t>()) : json.get<std::uint64_t>();
  std::string digits;
  switch (directive.verb) {
    case 'x': digits = fmt::format("{}{:x}", directive.is_alternative ? "0x" : "", size); break;
    case 'X': digits = fmt::format("{}{:X}", directive.is_alternative ? "0X" : "", size); break;
    case 'o': digits = fmt::format("{}{:o}", directive.is_alternative ? "0" : "", size); break;
    case 'b': digits = fmt::format("{:b}", size); break;
    case 'c':
      return padded(size <= 0x10FFFF && is_code_point(static_cast<std::uint32_t>(size))
                        ? utf8(static_cast<std::uint32_t>(size))
                        : "\xEF\xBF\xBD",
                    directive, false);
    case 'U': return padded(fmt::format("U+{:04X}", size), directive, false);
    case 'd':
    case 'v': digits = std::to_string(size); break;
    default: return wrong_verb(directive.verb, json);
  }
  if (directive.precision) {
    const std::size_t least = static_cast<std::size_t>(*directive.precision);
    if (digits.size() < least) digits.insert(0, least - digits.size(), '0');
  }
  return padded(sign_of(is_negative, directive) + digits, directive, directive.has_zeros && !directive.precision);
}

std::string real(const Json& json, const Directive& directive) {
  const double value = json.get<double>();
  std::string text;
  const char verb = directive.verb == 'F' ? 'f' : directive.verb;
  if (std::string_view("efgEG").find(verb) != std::string_view::npos && (verb != 'g' || directive.precision)) {
    const int precision = directive.precision.value_or(6);
    text = verb == 'e'   ? fmt::format("{:.{}e}", value, precision)
           : verb == 'f' ? fmt::format("{:.{}f}", value, precision)
           : verb == 'g' ? fmt::format("{:.{}g}", value, precision)
           : verb == 'E' ? fmt::format("{:.{}E}", value, precision)
                         : fmt::format("{:.{}G}", value, precision);
  } else if (verb == 'g' || verb == 'v') {
    text = go_text(json);
  } else {
    return wrong_verb(directive.verb, json);
  }
  if (!text.starts_with('-')) text = sign_of(false, directive) + text;
  return padded(std::move(text), directive, directive.has_zeros);
}

std::string words(const std::string& text, const Directive& directive) {
  const std::string part = shortened(text, directive);
  switch (directive.verb) {
    case 's':
    case 'v': return padded(part, directive, directive.has_zeros);
    case 'q': return padded(go_quoted(part), directive, directive.has_zeros);
    case 'x': return padded(hex(part), directive, directive.has_zeros);
    case 'X': {
      std::string digits = hex(part);
      for (char& c : digits) c = c >= 'a' ? static_cast<char>(c - 32) : c;
      return padded(digits, directive, directive.has_zeros);
    }
    default: return wrong_verb(directive.verb, text);
  }
}

std::string one(const Json& json, const Directive& directive) {
  if (directive.verb == 'T') return padded(std::string(go_type(json)), directive, false);
  if (json.is_array()) {  // each by itself
    std::string text = "[";
    for (const Json& each : json) text += (&each == &json.front() ? "" : " ") + one(each, directive);
    return text + "]";
  }
  if (json.is_object()) {
    if (directive.verb == 'v' || directive.verb == 's') return padded(go_text(json), directive, false);
    return wrong_verb(directive.verb, json);
  }
  if (json.is_string()) return words(json.get_ref<const std::string&>(), directive);
  if (json.is_number_float()) return real(json, directive);
  if (json.is_number()) return integer(json, directive);
  const bool fits = directive.verb == 'v' || (json.is_boolean() && directive.verb == 't');
  return fits ? padded(go_text(json), directive, false) : wrong_verb(directive.verb, json);
}

class Printer {
 public:
  Printer(std::string_view format, std::span<const Value> arguments) : format_(format), arguments_(arguments) {}
  std::string run();

 private:
  void directive();
  void read_flags(Directive& directive);
  std::optional<int> read_count();

  std::string_view format_;
  std::span<const Value> arguments_;
  std::size_t at_ = 0;
  std::size_t used_ = 0;
  std::string out_;
};

std::string Printer::run() {
  while (at_ < format_.size()) {
    if (format_[at_] == '%') {
      ++at_;
      directive();
    } else {
      out_ += format_[at_++];
    }
  }
  if (used_ < arguments_.size()) {
    out_ += "%!(EXTRA ";
    for (std::size_t i = used_; i < arguments_.size(); ++i) {
      const Json& json = arguments_[i].json();
      out_ += i > used_ ? ", " : "";
      out_ += json.is_null() ? "<nil>" : fmt::format("{}={}", go_type(json), go_text(json));
    }
    out_ += ")";
  }
  return std::move(out_);
}

void Printer::read_flags(Directive& directive) {
  for (; at_ < format_.size(); ++at_) {
    switch (format_[at_]) {
      case '-': directive.is_left = true; break;
      case '+': directive.has_plus = true; break;
      case ' ': directive.has_space = true; break;
      case '#': directive.is_alternative = true; break;
      case '0': directive.has_zeros = true; break;
      default: return;
    }
  }
}

// Digits, or * and a number among the arguments.
std::optional<int> Printer::read_count() {
  if (at_ < format_.size() && format_[at_] == '*') {
    ++at_;
    const bool is_number = used_ < arguments_.size() && arguments_[used_].json().is_number_integer();
    if (!is_number) {
      out_ += "%!(BADWIDTH)";
      if (used_ < arguments_.size()) ++used_;
      return std::nullopt;
    }
    return static_cast<int>(
        std::clamp<std::int64_t>(arguments_[used_++].json().get<std::int64_t>(), -kWidest, kWidest));
  }
  std::optional<int> count;
  for (; at_ < format_.size() && format_[at_] >= '0' && format_[at_] <= '9'; ++at_)
    count = std::min(count.value_or(0) * 10 + (format_[at_] - '0'), kWidest);
  return count;
}

void Printer::directive() {
  Directive directive;
  read_flags(directive);
  directive.width = read_count();
  if (directive.width && *directive.width < 0) {
    directive.is_left = true;
    directive.width = -*directive.width;
  }
  if (at_ < format_.size() && format_[at_] == '.') {
    ++at_;
    directive.precision = std::max(read_count().value_or(0), 0);
  }
  if (at_ == format_.size()) {
    out_ += "%!(NOVERB)";
    return;
  }
  directive.verb = format_[at_++];
  if (directive.verb == '%') {
    out_ += '%';
  } else if (used_ == arguments_.size()) {
    out_ += fmt::format("%!{}(MISSING)", directive.verb);
  } else {
    out_ += one(arguments_[used_++].json(), directive);
  }
}

}  // namespace

std::string go_printf(std::string_view format, std::span<const Value> arguments) {
  return Printer(format, arguments).run();
}

std::string go_print(std::span<const Value> operands) {
  std::string text;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (i > 0 && !operands[i].json().is_string() && !operands[i - 1].json().is_string()) text += ' ';
    text += go_text(operands[i].json());
  }
  return text;
}

std::string go_println(std::span<const Value> operands) {
  std::string text;
  for (const Value& operand : operands) text += (&operand == operands.data() ? "" : " ") + go_text(operand.json());
  return text + "\n";
}

}  // namespace caisson::templates
