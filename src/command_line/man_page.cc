#include "command_line/man_page.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::command_line {

namespace {

/// The code point that begins at `i`, which is moved behind it. The texts are valid UTF-8: they are ours.
std::uint32_t next_code_point(std::string_view text, std::size_t& i) {
  const auto first = static_cast<unsigned char>(text[i++]);
  if (first < 0x80) return first;
  std::uint32_t code = first >= 0xf0 ? first & 0x07U : first >= 0xe0 ? first & 0x0fU : first & 0x1fU;
  while (i < text.size() && (static_cast<unsigned char>(text[i]) & 0xc0U) == 0x80)
    code = code << 6U | (static_cast<unsigned char>(text[i++]) & 0x3fU);
  return code;
}

/// Words without dashes and capitals bold, as in "[OPTION…] CONTAINER": what is typed as it stands.
std::string synopsis_line(std::string_view command, std::string_view operands) {
  std::string line = fmt::format(".B {}\n", roff_text(command));
  if (!operands.empty()) line += roff_text(operands) + "\n";
  return line;
}

std::string option(const Spelling& row) {
  std::string names = row.letter == 0 ? "" : fmt::format("\\fB\\-{}\\fR, ", row.letter);
  names += fmt::format("\\fB\\-\\-{}\\fR", roff_text(row.name));
  if (!row.argument.empty()) names += fmt::format(" \\fI{}\\fR", roff_text(row.argument));
  return fmt::format(".TP\n{}\n{}.\n", names, roff_text(row.help));
}

std::string options(const std::vector<Spelling>& rows) {
  std::vector<std::string_view> groups;
  for (const Spelling& row : rows) {
    if (!row.help.empty() && std::ranges::find(groups, row.group) == groups.end()) groups.push_back(row.group);
  }
  std::string text = groups.empty() ? "" : ".SH OPTIONS\n";
  for (const std::string_view group : groups) {
    if (!group.empty()) text += fmt::format(".SS {}\n", roff_text(group));
    for (const Spelling& row : rows) {
      if (row.group == group && !row.help.empty()) text += option(row);
    }
  }
  return text;
}

std::string examples(std::string_view lines) {
  if (lines.empty()) return {};
  std::string text = ".SH EXAMPLES\n";
  for (const std::string_view line : split(lines, '\n')) {
    text += line.starts_with("  ") ? roff_text(line.substr(2)) + "\n" : fmt::format(".TP\n.B {}\n", roff_text(line));
  }
  return text;
}

constexpr std::string_view kExitStatus =
    "0: all went well. 1: a command that takes several names failed for some of them, and went on with the rest. 125: "
    "it failed, or the command line is wrong; one line on standard error says what and where.";

}  // namespace

std::string page_name(std::string_view command) {
  std::string name(command);
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string roff_text(std::string_view text) {
  std::string roff;
  if (text.starts_with('.') || text.starts_with('\'')) roff += "\\&";
  for (std::size_t i = 0; i < text.size();) {
    const std::uint32_t code = next_code_point(text, i);
    if (code == U'\\') {
      roff += "\\e";
    } else if (code == U'-') {
      roff += "\\-";
    } else if (code == U'\'') {
      roff += "\\(aq";
    } else if (code == U'`') {
      roff += "\\(ga";
    } else if (code == U'^') {
      roff += "\\(ha";
    } else if (code == U'~') {
      roff += "\\(ti";
    } else if (code == U'…') {
      roff += "...";
    } else if (code < 0x80) {
      roff += static_cast<char>(code);
    } else {
      roff += fmt::format("\\[u{:04X}]", code);
    }
  }
  return roff;
}

std::string man_page(const ManPage& page) {
  std::string title = page_name(page.command);
  std::string text = fmt::format(".\\\" Made from the tables of the command line.\n.TH {} {} {} \"{}\"\n", title,
                                 page.section, page.date, page.source);
  text += fmt::format(".SH NAME\n{} \\- {}\n.SH SYNOPSIS\n", roff_text(title), roff_text(page.summary));
  bool is_first = true;
  for (const std::string_view operands : split(page.manual.operands, '\n')) {
    if (!std::exchange(is_first, false)) text += ".br\n";
    text += synopsis_line(page.command, operands);
  }
  text += fmt::format(".SH DESCRIPTION\n{}\n", roff_text(page.manual.about));
  text += options(page.manual.options);
  if (!page.commands.empty()) text += ".SH COMMANDS\n";
  for (const Listed& command : page.commands) {
    text +=
        fmt::format(".TP\n\\fB{}\\fR(1)\n{}.\n", roff_text(page_name(fmt::format("{} {}", page.command, command.name))),
                    roff_text(command.summary));
  }
  text += examples(page.manual.examples);
  text += fmt::format(".SH EXIT STATUS\n{}\n",
                      roff_text(page.manual.exit_status.empty() ? kExitStatus : page.manual.exit_status));
  if (!page.see_also.empty()) text += ".SH SEE ALSO\n";
  for (std::size_t i = 0; i < page.see_also.size(); ++i) {
    const Cut name = cut(std::string_view(page.see_also[i]), '(');
    text += fmt::format(".BR {} ({}{}\n", roff_text(name.head), name.tail.value_or("1)"),
                        i + 1 < page.see_also.size() ? " ," : "");
  }
  return text;
}

}  // namespace caisson::command_line
