#include "units/unit_file.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::units {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

bool is_comment(std::string_view line) { return line.starts_with('#') || line.starts_with(';'); }

Section& section_named(std::vector<Section>& sections, std::string_view name, std::size_t line) {
  const auto found = std::ranges::find(sections, name, &Section::name);
  if (found != sections.end()) return *found;
  return sections.emplace_back(Section{.name = std::string(name), .line = line, .assignments = {}});
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// One value, read from its beginning.
class Words {
 public:
  explicit Words(std::string_view value) : value_(value) {}
  Result<std::vector<std::string>> read();

 private:
  bool at_end() const { return at_ == value_.size(); }
  Result<std::string> word();
  Result<std::string> escaped();
  Result<std::string> number(std::size_t digits, int base);

  std::string_view value_;
  std::size_t at_ = 0;
};

Result<std::vector<std::string>> Words::read() {
  std::vector<std::string> words;
  for (;;) {
    at_ = std::min(value_.find_first_not_of(kBlanks, at_), value_.size());
    if (at_end()) return words;
    words.push_back(TRY(word()));
  }
}

Result<std::string> Words::word() {
  std::string word;
  char quote = 0;
  for (; !at_end(); ++at_) {
    const char c = value_[at_];
    if (quote == 0 && kBlanks.find(c) != kBlanks.npos) break;
    if (c == '\\') {
      word += TRY(escaped());
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else {
      word += c;
    }
  }
  if (quote != 0) return fail(complaint(fmt::format("a {} is not closed", quote)));
  return word;
}

Result<std::string> Words::number(std::size_t digits, int base) {
  unsigned value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const int digit = at_ + 1 < value_.size() ? hex_digit(value_[at_ + 1]) : -1;
    if (digit < 0 || digit >= base) return fail(complaint("an escape has too few digits"));
    value = value * static_cast<unsigned>(base) + static_cast<unsigned>(digit);
    ++at_;
  }
  if (value == 0 || value > 0xff) return fail(complaint("an escape that is no byte"));
  return std::string(1, static_cast<char>(value));
}

// At the backslash; leaves `at_` at the last character of the escape.
Result<std::string> Words::escaped() {
  if (++at_ >= value_.size()) return fail(complaint("a '\\' at the end escapes nothing"));
  constexpr std::string_view kLetters = "abfnrtvs\\\"'";
  constexpr std::string_view kMeant = "\a\b\f\n\r\t\v \\\"'";
  const char c = value_[at_];
  if (c == 'x') return number(2, 16);
  if (c >= '0' && c <= '3') {
    --at_;
    return number(3, 8);
  }
  const std::size_t letter = kLetters.find(c);
  if (letter != kLetters.npos) return std::string(1, kMeant[letter]);
  return fail(complaint(fmt::format("there is no escape '\\{}'", c)));
}

bool is_plain(char c) {
  constexpr std::string_view kPlain = "_-+=.,:/@%${}[]()^~*?!#&|<>";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kPlain.find(c) != kPlain.npos ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string doubled(std::string_view word, std::string_view characters) {
  std::string text;
  for (const char c : word) {
    if (characters.find(c) != characters.npos) text += c;
    text += c;
  }
  return text;
}

}  // namespace

Result<std::vector<Section>> read_unit_file(std::string_view text) {
  std::vector<Section> sections;
  Section* section = nullptr;
  std::string logical;  // a line with those that continue it
  std::size_t first = 0;
  const std::vector<std::string_view> lines = split(text, '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool continues = !logical.empty();
    const std::string_view line = trimmed(lines[i]);
    if (is_comment(line) || (line.empty() && !continues)) continue;
    if (!continues) first = i + 1;
    if (line.ends_with('\\') && i + 1 < lines.size()) {
      logical += std::string(line.substr(0, line.size() - 1)) + " ";
      continue;
    }
    const std::string whole = std::exchange(logical, std::string()) + std::string(line);
    const std::string_view statement = trimmed(whole);
    if (statement.starts_with('[') && statement.ends_with(']')) {
      section = &section_named(sections, statement.substr(1, statement.size() - 2), first);
      continue;
    }
    const Cut parts = cut(statement, '=');
    const std::string_view key = trimmed(parts.head);
    if (!parts.tail || key.empty())
      return fail(complaint(fmt::format("line {}: '{}' is no section, assignment or comment", first, statement)));
    if (section == nullptr) return fail(complaint(fmt::format("line {}: '{}=' stands in no section", first, key)));
    section->assignments.push_back({std::string(key), std::string(trimmed(*parts.tail)), first});
  }
  return sections;
}

std::string write_unit_file(const std::vector<Section>& sections) {
  std::string text;
  for (const Section& section : sections) {
    if (!text.empty()) text += '\n';
    text += fmt::format("[{}]\n", section.name);
    for (const Assignment& assignment : section.assignments)
      text += fmt::format("{}={}\n", assignment.key, assignment.value);
  }
  return text;
}

Result<std::vector<std::string>> split_words(std::string_view value) { return Words(value).read(); }

std::string quoted_word(std::string_view word) {
  // ';' alone separates commands.
  if (!word.empty() && word != ";" && std::ranges::all_of(word, is_plain)) return std::string(word);
  std::string quoted = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') {
      quoted += fmt::format("\\{}", c);
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string quoted_words(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + quoted_word(word);
  return line;
}

std::string literal_word(std::string_view word) { return quoted_word(doubled(word, "%")); }

std::string literal_exec_word(std::string_view word) { return quoted_word(doubled(word, "%$")); }

}  // namespace caisson::units
