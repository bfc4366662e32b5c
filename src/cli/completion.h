// What may stand where the cursor is: from the tables that the command line is read by.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace caisson::cli {

/// A word, and what is said about it.
struct Candidate {
  std::string word;
  std::string_view help;
  bool operator==(const Candidate&) const = default;
};

struct Completion {
  std::vector<Candidate> candidates;
  std::vector<std::string_view> names;  ///< of what: "CONTAINER", "IMAGE", …; names_command() says who lists them
  bool files = false;
  bool directories = false;
};

/// What may stand in the place of the last of `words`, which stand behind the program's name; the last may be empty. It
/// is not compared with what is typed of it already, but for what kind of word it is: an option, the value of one
/// ("--network=…": without the option), an operand. `globals`: the options before the verb.
Completion complete(std::span<const Verb> verbs, const std::vector<Spelling>& globals,
                    const std::vector<std::string>& words);

/// The command line that lists names of `what`; empty: nobody does.
std::vector<std::string> names_command(std::string_view what);

}  // namespace caisson::cli
