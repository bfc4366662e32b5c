// What is wrong with a configuration: every finding with the place it is at.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace caisson::spec {

/// One finding. `pointer` is a JSON pointer (RFC 6901) into the configuration; empty: the document as a whole.
struct Problem {
  std::string pointer;  ///< "/mounts/3/type"
  std::string text;     ///< "wrong type: a string is expected"
  bool operator==(const Problem&) const = default;

  /// "/mounts/3/type: wrong type: a string is expected"
  std::string line() const { return pointer.empty() ? text : pointer + ": " + text; }
};

struct Findings {
  std::vector<Problem> errors;
  std::vector<Problem> warnings;  ///< what a runtime shall tell and go on (unknown keys, capabilities of other kernels)
};

/// The errors as one Error of the item `file`: the first on its line, nine others in the hint. There has to be one.
Error as_error(const std::vector<Problem>& errors, std::string_view file);

/// `key` below `pointer`, escaped.
std::string below(const std::string& pointer, std::string_view key);
std::string below(const std::string& pointer, std::size_t index);

}  // namespace caisson::spec
