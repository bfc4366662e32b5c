// What is said about a command, as data: --help, completions and man pages are made of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "command_line/options.h"

namespace caisson::command_line {

struct Manual {
  /// What stands behind the command's name: "[OPTION…] CONTAINER…". A line for each way to call it. Its words in
  /// capitals say what can be completed there (CONTAINER, IMAGE, FILE, …).
  std::string_view operands;
  std::string_view about;  ///< a sentence or more
  std::vector<Spelling> options;
  Order order = Order::kAnywhere;
  /// Lines: a command, and in the next, behind two spaces, what it does.
  std::string_view examples = {};
  std::string_view exit_status = {};  ///< of manual pages; empty: as of most verbs
  bool passes_options_on = false;     ///< what it does not know is another program's option
};

/// Whether `arguments`, which stand behind the command's name, ask for help: --help or -h where an option may stand. A
/// command line with another mistake before it does not.
bool asks_for_help(const Manual& manual, const std::vector<std::string>& arguments);

/// What --help prints of `command` ("caisson image ls"), in lines of at most `width` columns.
std::string help_text(std::string_view command, const Manual& manual, std::size_t width = 80);

}  // namespace caisson::command_line
