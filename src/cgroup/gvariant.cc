#include "cgroup/gvariant.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>

#include <fmt/format.h>

namespace caisson::cgroup {

namespace {

constexpr int kDeepest = 32;  // D-Bus nests arrays no deeper

struct Keyword {
  std::string_view word;
  char type;
};
constexpr std::array kKeywords = {
    Keyword{"boolean", 'b'},   Keyword{"byte", 'y'},   Keyword{"int16", 'n'},  Keyword{"uint16", 'q'},
    Keyword{"int32", 'i'},     Keyword{"uint32", 'u'}, Keyword{"handle", 'h'}, Keyword{"int64", 'x'},
    Keyword{"uint64", 't'},    Keyword{"double", 'd'}, Keyword{"string", 's'}, Keyword{"objectpath", 'o'},
    Keyword{"signature", 'g'},
};

struct Bounds {
  std::int64_t least;
  std::uint64_t most;
};

std::optional<Bounds> bounds(char type) {
  switch (type) {
    case 'y': return Bounds{0, std::numeric_limits<std::uint8_t>::max()};
    case 'n': return Bounds{std::numeric_limits<std::int16_t>::min(), std::numeric_limits<std::int16_t>::max()};
    case 'q': return Bounds{0, std::numeric_limits<std::uint16_t>::max()};
    case 'i':
    case 'h': return Bounds{std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
    case 'u': return Bounds{0, std::numeric_limits<std::uint32_t>::max()};
    case 'x': return Bounds{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
    case 't': return Bounds{0, std::numeric_limits<std::uint64_t>::max()};
    default: return std::nullopt;
  }
}

std::size_t type_length(std::string_view signature, int depth = 0) {
  if (signature.empty() || depth > kDeepest) return 0;
  if (std::string_view("bynqiuxtdsogvh").find(signature[0]) != std::string_view::npos) return 1;
  if (signature[0] == 'a') {
    const std::size_t element = type_length(signature.substr(1), depth + 1);
    return element == 0 ? 0 : element + 1;
  }
  if (signature[0] != '(' && signature[0] != '{') return 0;
  const char end = signature[0] == '(' ? ')' : '}';
  std::size_t length = 1;
  while (length < signature.size() && signature[length] != end) {
    const std::size_t member = type_length(signature.substr(length), depth + 1);
    if (member == 0) return 0;
    length += member;
  }
  return length < signature.size() && length > 1 ? length + 1 : 0;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<Typed> whole() {
    Typed value = TRY(read("", 0));
    skip_spaces();
    if (at_ != text_.size()) return fail(wrong("something follows the value"));
    return value;
  }

 private:
  // `expected`: the type that the value has to have; empty: whatever it is.
  Result<Typed> read(std::string_view expected, int depth) {
    if (depth > kDeepest) return fail(wrong("nested too deeply"));
    skip_spaces();
    if (at_ == text_.size()) return fail(wrong("a value is missing"));
    const char c = text_[at_];
    if (c == '@') return stated(expected, depth);
    if (c == '\'' || c == '"') return quoted(expected);
    if (c == '[') return array(expected, depth);
    if (c == '(') return tuple(expected, depth);
    if (c == '{') return dictionary(expected, depth);
    if (c == '<') return variant(expected, depth);
    if (c == 'b' && at_ + 1 < text_.size() && (text_[at_ + 1] == '\'' || text_[at_ + 1] == '"')) return bytes(expected);
    if (c == '-' || c == '+' || c == '.' || (c >= '0' && c <= '9')) return number(expected);
    return word(expected, depth);
  }

  Result<Typed> stated(std::string_view expected, int depth) {
    ++at_;
    const std::string_view type = text_.substr(at_, type_length(text_.substr(at_)));
    if (type.empty()) return fail(wrong("not the type of a value"));
    TRY(agree(expected, type));
    at_ += type.size();
    return read(type, depth + 1);
  }

  Result<Typed> word(std::string_view expected, int depth) {
    std::size_t end = at_;
    while (end < text_.size() && ((text_[end] >= 'a' && text_[end] <= 'z') || (text_[end] >= '0' && text_[end] <= '9')))
      ++end;
    const std::string_view found = text_.substr(at_, end - at_);
    if (found == "true" || found == "false") {
      TRY(agree(expected, "b"));
      at_ = end;
      return Typed{"b", {std::string(found)}};
    }
    for (const Keyword& keyword : kKeywords) {
      if (found != keyword.word) continue;
      TRY(agree(expected, std::string_view(&keyword.type, 1)));
      at_ = end;
      return read(std::string_view(&keyword.type, 1), depth + 1);
    }
    return fail(wrong("not a value"));
  }

  Result<Typed> number(std::string_view expected) {
    const std::size_t end = std::min(text_.find_first_of(",:)]}> \t\n", at_), text_.size());
    const std::string_view digits = text_.substr(at_, end - at_);
    const bool is_hex = digits.find('x') != std::string_view::npos || digits.find('X') != std::string_view::npos;
    const bool has_fraction = !is_hex && digits.find_first_of(".eE") != std::string_view::npos;
    const std::string type = !expected.empty() ? std::string(expected) : has_fraction ? "d" : "i";
    if (type == "d") {
      double value = 0;
      const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      if (error != std::errc() || rest != digits.data() + digits.size()) return fail(wrong("not a number"));
      at_ = end;
      return Typed{"d", {fmt::format("{}", value)}};
    }
    if (type.size() != 1 || !bounds(type[0])) return fail(wrong(fmt::format("a number is not of type '{}'", type)));
    const std::string value = TRY(integer(digits, type[0]));
    at_ = end;
    return Typed{type, {value}};
  }

  Result<std::string> integer(std::string_view digits, char type) {
    const bool negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) digits.remove_prefix(1);
    int base = 10;
    if (digits.starts_with("0x") || digits.starts_with("0X")) {
      base = 16;
      digits.remove_prefix(2);
    } else if (digits.size() > 1 && digits.starts_with('0')) {
      base = 8;
    }
    std::uint64_t magnitude = 0;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, base);
    if (error == std::errc::invalid_argument || rest != digits.data() + digits.size())
      return fail(wrong("not a number"));
    const Bounds range = *bounds(type);
    const std::uint64_t most = negative ? std::uint64_t{0} - static_cast<std::uint64_t>(range.least) : range.most;
    if (error != std::errc() || magnitude > most) {
      return fail(wrong(fmt::format("a number that does not fit its type, '{}'", type)));
    }
    return fmt::format("{}{}", negative && magnitude != 0 ? "-" : "", magnitude);
  }

  Result<std::string> string_between_quotes() {
    const char quote = text_[at_++];
    std::string value;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] != '\\') {
        value += text_[at_++];
        continue;
      }
      if (++at_ == text_.size()) break;
      const char c = text_[at_++];
      switch (c) {
        case 'n': value += '\n'; break;
        case 't': value += '\t'; break;
        case 'r': value += '\r'; break;
        case 'a': value += '\a'; break;
        case 'b': value += '\b'; break;
        case 'f': value += '\f'; break;
        case 'v': value += '\v'; break;
        case 'u':
        case 'U': return fail(wrong("characters are written as UTF-8, not as \\u"));
        default: value += c;
      }
    }
    if (at_ == text_.size()) return fail(wrong("the closing quote is missing"));
    ++at_;
    return value;
  }

  Result<Typed> quoted(std::string_view expected) {
    if (!expected.empty() && expected != "s" && expected != "o" && expected != "g") {
      return fail(wrong(fmt::format("a string is not of type '{}'", expected)));
    }
    return Typed{expected.empty() ? "s" : std::string(expected), {TRY(string_between_quotes())}};
  }

  // With the null byte at its end, as GLib has it.
  Result<Typed> bytes(std::string_view expected) {
    TRY(agree(expected, "ay"));
    ++at_;
    const std::string value = TRY(string_between_quotes());
    Typed typed{"ay", {fmt::format("{}", value.size() + 1)}};
    for (const char c : value) typed.words.push_back(fmt::format("{}", static_cast<unsigned char>(c)));
    typed.words.emplace_back("0");
    return typed;
  }

  Result<Typed> array(std::string_view expected, int depth) {
    if (!expected.empty() && expected[0] != 'a')
      return fail(wrong(fmt::format("an array is not of type '{}'", expected)));
    std::string element(expected.empty() ? expected : expected.substr(1));
    Typed typed{"", {"0"}};
    ++at_;
    std::size_t count = 0;
    while (!closes(']')) {
      if (count != 0) TRY(take(','));
      Typed value = TRY(read(element, depth + 1));
      element = value.signature;
      typed.words.insert(typed.words.end(), value.words.begin(), value.words.end());
      ++count;
    }
    if (element.empty()) return fail(wrong("[] needs its type, as in @as []"));
    typed.words[0] = fmt::format("{}", count);
    typed.signature = "a" + element;
    return typed;
  }

  Result<Typed> tuple(std::string_view expected, int depth) {
    if (!expected.empty() && expected[0] != '(')
      return fail(wrong(fmt::format("a tuple is not of type '{}'", expected)));
    std::string_view members = expected.empty() ? expected : expected.substr(1);
    Typed typed{"(", {}};
    ++at_;
    while (!closes(')')) {
      if (typed.signature.size() > 1) {
        TRY(take(','));
        if (closes(')')) break;  // (1,) is a tuple of one
      }
      const std::string_view member = members.substr(0, type_length(members));
      if (!expected.empty() && member.empty()) return fail(wrong("more members than the type has"));
      members.remove_prefix(member.size());
      Typed value = TRY(read(member, depth + 1));
      typed.signature += value.signature;
      typed.words.insert(typed.words.end(), value.words.begin(), value.words.end());
    }
    typed.signature += ')';
    if (typed.signature == "()") return fail(wrong("D-Bus has no empty tuple"));
    if (!expected.empty() && typed.signature != expected) return fail(wrong("fewer members than the type has"));
    return typed;
  }

  Result<Typed> dictionary(std::string_view expected, int depth) {
    if (!expected.empty() && !expected.starts_with("a{"))
      return fail(wrong(fmt::format("a dictionary is not of type '{}'", expected)));
    std::string key(expected.empty() ? expected : expected.substr(2, 1));
    std::string value(expected.empty() ? expected : expected.substr(3, expected.size() - 4));
    Typed typed{"", {"0"}};
    ++at_;
    std::size_t count = 0;
    while (!closes('}')) {
      if (count != 0) TRY(take(','));
      const Typed one = TRY(read(key, depth + 1));
      if (one.signature.size() != 1 || one.signature == "v") return fail(wrong("not what a key can be"));
      TRY(take(':'));
      const Typed other = TRY(read(value, depth + 1));
      key = one.signature;
      value = other.signature;
      typed.words.insert(typed.words.end(), one.words.begin(), one.words.end());
      typed.words.insert(typed.words.end(), other.words.begin(), other.words.end());
      ++count;
    }
    if (key.empty()) return fail(wrong("{} needs its type, as in @a{sv} {}"));
    typed.words[0] = fmt::format("{}", count);
    typed.signature = fmt::format("a{{{}{}}}", key, value);
    return typed;
  }

  Result<Typed> variant(std::string_view expected, int depth) {
    TRY(agree(expected, "v"));
    ++at_;
    Typed inner = TRY(read("", depth + 1));
    TRY(take('>'));
    inner.words.insert(inner.words.begin(), inner.signature);
    inner.signature = "v";
    return inner;
  }

  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }

  bool closes(char end) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != end) return false;
    ++at_;
    return true;
  }

  Result<> take(char c) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != c) return fail(wrong(fmt::format("'{}' is missing", c)));
    ++at_;
    return {};
  }

  Result<> agree(std::string_view expected, std::string_view type) {
    if (expected.empty() || expected == type) return {};
    return fail(wrong(fmt::format("a value of type '{}' where '{}' is expected", type, expected)));
  }

  Error wrong(std::string_view what) const {
    return complaint(fmt::format("{} at character {} of '{}'", what, at_ + 1, text_),
                     "GVariant text is wanted: 'word', true, 15, uint64 15, ['a', 'b']");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::size_t complete_type_length(std::string_view signature) { return type_length(signature); }

Result<Typed> read_gvariant(std::string_view text) { return Reader(text).whole(); }

}  // namespace caisson::cgroup
