// Unit files as systemd.syntax(7) has them, read and written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace caisson::units {

struct Assignment {
  std::string key;
  std::string value;     ///< continued lines are one, with a space between
  std::size_t line = 0;  ///< in the file, from 1
};

struct Section {
  std::string name;  ///< "Container"
  std::size_t line = 0;
  std::vector<Assignment> assignments;
};

/// A file's sections in their order; one that is there twice is one. Errors name the line: what is neither a section,
/// an assignment nor a comment; an assignment before any section.
Result<std::vector<Section>> read_unit_file(std::string_view text);

std::string write_unit_file(const std::vector<Section>& sections);

/// The words of a value: at blanks, but for those in quotes; C's escapes are understood (systemd.syntax(7), "Quoting").
/// Error: a quote that is not closed, an escape that is none.
Result<std::vector<std::string>> split_words(std::string_view value);

/// A word as split_words() reads it: quoted where it has to be. Specifiers ("%n") and variables stay what they are.
std::string quoted_word(std::string_view word);
std::string quoted_words(const std::vector<std::string>& words);

/// The same with nothing in it for a specifier.
std::string literal_word(std::string_view word);

/// The same for ExecStart= and its like, with nothing in it for a variable either.
std::string literal_exec_word(std::string_view word);

}  // namespace caisson::units
