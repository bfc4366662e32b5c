// The keys that leave a container without ending it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace caisson::terminal {

inline constexpr std::string_view kDefaultDetachKeys = "ctrl-p,ctrl-q";

/// The bytes of a sequence in docker's words for --detach-keys: keys between commas, each one character or `ctrl-`
/// with a letter or one of @ [ \ ] ^ _ . Empty text is the empty sequence: no detaching. Errors name the key.
Result<std::string> parse_detach_keys(std::string_view text);

/// Finds a sequence in bytes as they are typed.
class DetachMatcher {
 public:
  explicit DetachMatcher(std::string keys) : keys_(std::move(keys)) {}

  /// Looks at `typed`, and appends to `passed` what belongs to the container: everything but a beginning of the
  /// sequence at its very end, which is held back until it turns out not to be one. True when the sequence is complete;
  /// what is typed behind it is dropped.
  bool feed(std::string_view typed, std::string& passed);

 private:
  std::string keys_;
  std::size_t matched_ = 0;
};

}  // namespace caisson::terminal
