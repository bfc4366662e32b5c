// Manual pages, in the language of man(7).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "command_line/manual.h"

namespace caisson::command_line {

/// A command of a page that has several: its name, and what it does.
struct Listed {
  std::string_view name;
  std::string_view summary;
};

struct ManPage {
  std::string command;       ///< "caisson image ls"; the page is that with '-' between the words
  std::string summary;       ///< without a stop: "List images"
  std::string_view section;  ///< "1"
  std::string_view date;     ///< "2026-01-31"
  std::string_view source;   ///< "caisson 0.1.0"
  Manual manual;
  std::vector<Listed> commands;
  std::vector<std::string> see_also;  ///< names of pages: "caisson(1)"
};

/// "caisson-image-ls"
std::string page_name(std::string_view command);

std::string man_page(const ManPage& page);

/// A paragraph of text, with what roff would take for its own put in other words.
std::string roff_text(std::string_view text);

}  // namespace caisson::command_line
