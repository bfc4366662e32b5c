#include "terminal/detach_keys.h"

#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::terminal {

namespace {

std::optional<char> control(std::string_view key) {
  if (key.size() != 1) return std::nullopt;
  const char c = key[0];
  if (c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 1);
  if (c == '@' || (c >= '[' && c <= '_')) return static_cast<char>(c - '@');
  return std::nullopt;
}

}  // namespace

Result<std::string> parse_detach_keys(std::string_view text) {
  std::string keys;
  if (text.empty()) return keys;
  for (const std::string_view key : split(text, ',')) {
    constexpr std::string_view kControl = "ctrl-";
    std::optional<char> byte;
    if (key.starts_with(kControl)) {
      byte = control(key.substr(kControl.size()));
    } else if (key.size() == 1) {
      byte = key[0];
    }
    if (!byte) {
      return fail(complaint(fmt::format("not a key: '{}'", key),
                            "one character, or ctrl- with one of a-z @ [ \\ ] ^ _ ; keys are separated by commas"));
    }
    keys += *byte;
  }
  return keys;
}

bool DetachMatcher::feed(std::string_view typed, std::string& passed) {
  if (keys_.empty()) {
    passed += typed;
    return false;
  }
  for (const char c : typed) {
    // After a byte that does not go on, the longest end of what was typed that is a beginning of the sequence goes on
    // being held back; what is before it is passed.
    while (matched_ > 0 && c != keys_[matched_]) {
      std::size_t shorter = matched_ - 1;
      while (shorter > 0 && !std::string_view(keys_).substr(0, matched_).ends_with(keys_.substr(0, shorter))) --shorter;
      passed.append(keys_, 0, matched_ - shorter);
      matched_ = shorter;
    }
    if (c != keys_[matched_]) {
      passed += c;
    } else if (++matched_ == keys_.size()) {
      matched_ = 0;
      return true;
    }
  }
  return false;
}

}  // namespace caisson::terminal
