#include "command_line/single_dash.h"

#include <algorithm>

#include "base/text.h"

namespace caisson::command_line {

namespace {

const Spelling* find_name(const std::vector<Spelling>& rows, std::string_view name) {
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const Spelling& r) { return r.name == name; });
  return row == rows.end() ? nullptr : &*row;
}

// Whether the word behind these letters ("-db") is the last one's value.
bool letters_want_value(const std::vector<Spelling>& rows, std::string_view letters) {
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const Spelling& r) { return r.letter == letters[i]; });
    if (row == rows.end()) return false;
    if (!row->argument.empty()) return i + 1 == letters.size();
  }
  return false;
}

}  // namespace

std::vector<std::string> with_double_dashes(const std::vector<Spelling>& rows, std::vector<std::string> arguments,
                                            Order order) {
  bool is_value = false;
  for (std::string& word : arguments) {
    if (is_value) {
      is_value = false;
      continue;
    }
    if (word == "--") break;
    if (word.size() < 2 || word.front() != '-') {
      if (order == Order::kBeforeOperands) break;
      continue;
    }
    const bool has_two = word.starts_with("--");
    const Cut parts = cut(std::string_view(word).substr(has_two ? 2 : 1), '=');
    const Spelling* row = has_two || parts.head.size() > 1 ? find_name(rows, parts.head) : nullptr;
    is_value = row != nullptr ? !row->argument.empty() && !parts.tail
                              : !has_two && letters_want_value(rows, std::string_view(word).substr(1));
    if (!has_two && (row != nullptr || parts.head == "help")) word.insert(0, 1, '-');
  }
  return arguments;
}

}  // namespace caisson::command_line
