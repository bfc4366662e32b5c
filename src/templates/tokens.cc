#include "templates/tokens.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "templates/place.h"
#include "templates/utf8.h"

namespace caisson::templates {

namespace {

constexpr std::string_view kSpaces = " \t\r\n";

bool is_space(char c) { return kSpaces.find(c) != std::string_view::npos; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

std::string_view without_spaces_at_end(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kSpaces) + 1);  // npos + 1 is 0
}

// In docker's formats a tab and a new line may be written \t and \n.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 't' || text[i + 1] == 'n')) {
      plain += text[++i] == 't' ? '\t' : '\n';
    } else {
      plain += text[i];
    }
  }
  return plain;
}

class Lexer {
 public:
  Lexer(std::string_view text, Escapes escapes, std::size_t first_column)
      : text_(text), escapes_(escapes), column_(first_column) {}

  Result<std::vector<Token>> run();

 private:
  std::string_view rest() const { return text_.substr(at_); }
  std::size_t column();
  std::unexpected<Error> wrong(std::string_view what) { return fail(at_column(column(), what)); }
  void put(TokenKind kind, std::size_t length);
  void put_text(std::string_view text, bool trims_end);

  Result<bool> comment();  // whether there was one
  bool close();            // the same of an action's end
  Result<> action();
  Result<> token();
  Result<> string();
  Result<> raw_string();
  Result<> character();
  Result<> number();
  Result<std::string> escape(char quote);

  std::string_view text_;
  Escapes escapes_;
  std::size_t column_;
  std::size_t at_ = 0;
  std::size_t counted_ = 0;  // column_ is that of this byte
  bool trims_ = false;       // the action before ended in -}}
  bool is_spaced_ = false;
  std::vector<Token> tokens_;
};

// Characters, not bytes.
std::size_t Lexer::column() {
  for (; counted_ < at_; ++counted_) {
    if ((static_cast<unsigned char>(text_[counted_]) & 0xC0U) != 0x80U) ++column_;
  }
  return column_;
}

void Lexer::put(TokenKind kind, std::size_t length) {
  tokens_.push_back(
      {.kind = kind, .text = std::string(text_.substr(at_, length)), .column = column(), .is_spaced = is_spaced_});
  is_spaced_ = false;
  at_ += length;
}

void Lexer::put_text(std::string_view text, bool trims_end) {
  const std::string plain = escapes_ == Escapes::kRead ? unescaped(text) : std::string(text);
  std::string_view left = plain;
  if (trims_) left.remove_prefix(std::min(left.find_first_not_of(kSpaces), left.size()));
  if (trims_end) left = without_spaces_at_end(left);
  trims_ = false;
  if (!left.empty()) tokens_.push_back({.kind = TokenKind::kText, .text = std::string(left), .column = column()});
}

Result<std::vector<Token>> Lexer::run() {
  while (true) {
    const std::size_t open = rest().find("{{");
    const std::string_view before = rest().substr(0, open);
    if (open == std::string_view::npos) {
      put_text(before, false);
      return std::move(tokens_);
    }
    const std::string_view inside = rest().substr(open + 2);
    const bool trims = inside.size() > 1 && inside[0] == '-' && is_space(inside[1]);
    put_text(before, trims);
    at_ += open;
    const std::size_t length = trims ? 3 : 2;
    const std::size_t start = at_;
    at_ += length;
    while (trims && at_ < text_.size() && is_space(text_[at_])) ++at_;
    if (TRY(comment())) continue;
    at_ = start;
    put(TokenKind::kOpen, length);
    TRY(action());
  }
}

Result<bool> Lexer::comment() {
  if (!rest().starts_with("/*")) return false;
  const std::size_t end = rest().find("*/");
  if (end == std::string_view::npos) return wrong("the comment does not end");
  at_ += end + 2;
  const std::size_t spaces = std::min(rest().find_first_not_of(kSpaces), rest().size());
  if (rest().starts_with("}}")) {
    at_ += 2;
  } else if (spaces > 0 && rest().substr(spaces).starts_with("-}}")) {
    at_ += spaces + 3;
    trims_ = true;
  } else {
    return wrong("a comment is alone in its action: {{/* … */}}");
  }
  return true;
}

bool Lexer::close() {
  if (rest().starts_with("}}")) {
    put(TokenKind::kClose, 2);
    return true;
  }
  if (is_spaced_ && rest().starts_with("-}}")) {
    put(TokenKind::kClose, 3);
    trims_ = true;
    return true;
  }
  return false;
}

Result<> Lexer::action() {
  const std::size_t opened = tokens_.back().column;
  while (true) {
    while (at_ < text_.size() && is_space(text_[at_])) {
      is_spaced_ = true;
      ++at_;
    }
    if (at_ == text_.size()) return fail(at_column(opened, "'{{' without '}}'"));
    if (close()) return {};
    TRY(token());
  }
}

Result<> Lexer::token() {
  const char c = text_[at_];
  const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  const auto name_length = [&](std::size_t from) {
    std::size_t length = from;
    while (at_ + length < text_.size() && (is_letter(text_[at_ + length]) || is_digit(text_[at_ + length]))) ++length;
    return length;
  };
  if (c == '"') return string();
  if (c == '`') return raw_string();
  if (c == '\'') return character();
  if (is_digit(c) || ((c == '-' || c == '+' || c == '.') && is_digit(next))) return number();
  if (c == '.') {
    const std::size_t length = name_length(1);
    put(length == 1 ? TokenKind::kDot : TokenKind::kField, length);
    if (length > 1) tokens_.back().text.erase(0, 1);
    return {};
  }
  if (c == '$') return put(TokenKind::kVariable, name_length(1)), Result<>();
  if (is_letter(c)) return put(TokenKind::kWord, name_length(1)), Result<>();
  if (c == ':' && next == '=') return put(TokenKind::kDeclare, 2), Result<>();
  switch (c) {
    case '|': return put(TokenKind::kPipe, 1), Result<>();
    case ',': return put(TokenKind::kComma, 1), Result<>();
    case '=': return put(TokenKind::kAssign, 1), Result<>();
    case '(': return put(TokenKind::kLeft, 1), Result<>();
    case ')': return put(TokenKind::kRight, 1), Result<>();
    default: break;
  }
  return wrong(fmt::format("'{}' has no meaning here", printable(rest().substr(0, 1))));
}

// What a backslash at at_ stands for, as in Go (The Go Programming Language Specification, "Rune literals").
Result<std::string> Lexer::escape(char quote) {
  const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  constexpr std::string_view kLetters = "abfnrtv\\";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\";
  if (const std::size_t i = kLetters.find(c); c != '\0' && i != std::string_view::npos)
    return at_ += 2, std::string(1, kMeanings[i]);
  if (c == quote) return at_ += 2, std::string(1, quote);
  const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : c >= '0' && c <= '7' ? 3 : 0;
  const std::size_t from = at_ + (digits == 3 ? 1 : 2);
  std::uint32_t code = 0;
  if (digits != 0 && from + digits <= text_.size()) {
    const char* end = text_.data() + from + digits;
    const auto [stopped, problem] = std::from_chars(text_.data() + from, end, code, digits == 3 ? 8 : 16);
    const bool is_byte = digits < 4;
    if (problem == std::errc() && stopped == end && (is_byte ? code <= 0xFF : is_code_point(code))) {
      at_ = from + digits;
      return is_byte ? std::string(1, static_cast<char>(code)) : utf8(code);
    }
  }
  return wrong("an escape that is none in Go");
}

Result<> Lexer::string() {
  const std::size_t start = at_;
  std::string value;
  const auto unended = [&] { return at_ = start, wrong("the string does not end"); };
  for (++at_;;) {
    if (at_ == text_.size() || text_[at_] == '\n') return unended();
    if (text_[at_] == '"') break;
    if (text_[at_] == '\\') {
      if (at_ + 1 == text_.size()) return unended();
      value += TRY(escape('"'));
    } else {
      value += text_[at_++];
    }
  }
  const std::size_t length = at_ + 1 - start;
  at_ = start;
  put(TokenKind::kLiteral, length);
  tokens_.back().literal = std::move(value);
  return {};
}

Result<> Lexer::raw_string() {
  const std::size_t end = rest().find('`', 1);
  if (end == std::string_view::npos) return wrong("the string does not end");
  std::string value(rest().substr(1, end - 1));
  put(TokenKind::kLiteral, end + 1);
  tokens_.back().literal = std::move(value);
  return {};
}

// A character is its number.
Result<> Lexer::character() {
  const std::size_t start = at_++;
  if (at_ == text_.size()) return at_ = start, wrong("the character does not end");
  std::string value;
  if (text_[at_] == '\\') {
    value = TRY(escape('\''));
  } else {
    do value += text_[at_++];
    while (at_ < text_.size() && (static_cast<unsigned char>(text_[at_]) & 0xC0U) == 0x80U);
  }
  const std::optional<std::uint32_t> code =
      value.size() == 1 ? std::optional<std::uint32_t>(static_cast<unsigned char>(value[0])) : code_point(value);
  if (!code || at_ == text_.size() || text_[at_] != '\'') return at_ = start, wrong("not one character in quotes");
  const std::size_t length = at_ + 1 - start;
  at_ = start;
  put(TokenKind::kLiteral, length);
  tokens_.back().literal = *code;
  return {};
}

std::optional<nlohmann::ordered_json> read_number(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != '_') digits += c;
  }
  std::string_view body = digits;
  const bool negative = body.starts_with('-');
  if (negative || body.starts_with('+')) body.remove_prefix(1);
  int base = 10;
  if (body.size() > 1 && body[0] == '0') {
    const char mark = static_cast<char>(body[1] | 0x20);
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : mark == 'o' || is_digit(body[1]) ? 8 : 10;
    if (base != 10 && !is_digit(body[1])) body.remove_prefix(2);
  }
  std::uint64_t whole = 0;
  const char* end = body.data() + body.size();
  const auto [stopped, problem] = std::from_chars(body.data(), end, whole, base);
  if (problem == std::errc() && stopped == end && !body.empty()) {
    if (!negative && whole > INT64_MAX) return whole;
    if (whole > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return negative ? -static_cast<std::int64_t>(whole) : static_cast<std::int64_t>(whole);
  }
  double real = 0;
  const auto [real_stopped, real_problem] = std::from_chars(body.data(), end, real);
  if (real_problem != std::errc() || real_stopped != end) return std::nullopt;
  return negative ? -real : real;
}

Result<> Lexer::number() {
  std::size_t length = 1;
  for (; length < rest().size(); ++length) {
    const char c = rest()[length];
    const bool is_sign = (c == '-' || c == '+') && (rest()[length - 1] | 0x20) == 'e' && !rest().starts_with("0x");
    if (!is_digit(c) && !is_letter(c) && c != '.' && !is_sign) break;
  }
  std::optional<nlohmann::ordered_json> value = read_number(rest().substr(0, length));
  if (!value) return wrong(fmt::format("'{}' is no number", printable(rest().substr(0, length))));
  put(TokenKind::kLiteral, length);
  tokens_.back().literal = *std::move(value);
  return {};
}

}  // namespace

Result<std::vector<Token>> tokens(std::string_view text, Escapes escapes, std::size_t first_column) {
  return Lexer(text, escapes, first_column).run();
}

}  // namespace caisson::templates
