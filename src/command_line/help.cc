#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "command_line/manual.h"

namespace caisson::command_line {

namespace {

constexpr std::size_t kMostLeft = 30;  // wider spellings have their help on the next line

/// "  -m, --memory SIZE"; the first heading's place is kept where there is no letter.
std::string left_side(const Spelling& row) {
  std::string side =
      row.letter != 0 ? fmt::format("  -{}, --{}", row.letter, row.name) : fmt::format("      --{}", row.name);
  if (!row.argument.empty()) side += fmt::format(" {}", row.argument);
  return side;
}

/// Columns that UTF-8 text takes: every byte that does not continue a character (the texts are ours, and have no wide
/// ones).
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

/// `text` from column `indent` on, broken between words before column `width`.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string lines;
  std::size_t column = indent;
  bool first = true;
  for (const std::string_view word : split(text, ' ')) {
    if (!first && column + 1 + columns(word) > width) {
      lines += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += columns(word);
    first = false;
  }
  return lines;
}

std::string option_lines(const Spelling& row, std::size_t left, std::size_t width) {
  std::string line = left_side(row);
  if (columns(line) + 2 > left) {
    line += "\n" + std::string(left, ' ');
  } else {
    line += std::string(left - columns(line), ' ');
  }
  return line + wrapped(row.help, left, width) + "\n";
}

}  // namespace

std::string help_text(std::string_view usage, std::string_view about, const std::vector<Spelling>& rows,
                      std::size_t width) {
  std::string text = fmt::format("Usage: {}\n\n{}\n", usage, wrapped(about, 0, width));
  std::vector<std::string_view> groups;
  std::size_t left = 0;
  for (const Spelling& row : rows) {
    if (row.help.empty()) continue;
    if (std::find(groups.begin(), groups.end(), row.group) == groups.end()) groups.push_back(row.group);
    left = std::max(left, std::min(columns(left_side(row)) + 2, kMostLeft));
  }
  for (const std::string_view group : groups) {
    text += fmt::format("\n{}:\n", group.empty() ? "Options" : group);
    for (const Spelling& row : rows) {
      if (row.group == group && !row.help.empty()) text += option_lines(row, left, width);
    }
  }
  return text;
}

bool asks_for_help(const Manual& manual, const std::vector<std::string>& arguments) {
  // Most command lines are told by a look: they are not read twice.
  const auto may_ask = [](const std::string& word) {
    return word == "--help" || (word.starts_with('-') && !word.starts_with("--") && word.find('h') != word.npos);
  };
  if (std::ranges::none_of(arguments, may_ask)) return false;
  if (manual.passes_options_on)
    return std::ranges::any_of(arguments, [](const std::string& word) { return word == "--help" || word == "-h"; });
  const auto ignore = [](std::size_t, const Use&) -> Result<> { return {}; };
  const Result<Parsed> parsed = scan(manual.options, arguments, manual.order, ignore);
  return parsed && parsed->help;
}

std::string help_text(std::string_view command, const Manual& manual, std::size_t width) {
  std::string usage;
  for (const std::string_view operands : split(manual.operands, '\n')) {
    if (!usage.empty()) usage += "\n       ";
    usage += command;
    if (!operands.empty()) usage += fmt::format(" {}", operands);
  }
  std::string text = help_text(usage, manual.about, manual.options, width);
  if (!manual.examples.empty()) text += "\nExamples:\n";
  if (!manual.examples.empty()) {
    for (const std::string_view line : split(manual.examples, '\n')) text += fmt::format("  {}\n", line);
  }
  return text;
}

}  // namespace caisson::command_line
