#include "registry/challenge.h"

#include <algorithm>
#include <optional>

namespace caisson::registry {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_token_character(char c) {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  void go_to(std::string_view rest) { rest_ = rest; }

  void skip(std::string_view characters) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
  }
  bool accept(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // In lower case; empty: there is none.
  std::string token() {
    std::string text;
    for (; !rest_.empty() && is_token_character(rest_.front()); rest_.remove_prefix(1)) text += lower(rest_.front());
    return text;
  }
  // A token as it is written, or a quoted string.
  std::optional<std::string> value() {
    if (accept('"')) return quoted();
    const std::string_view start = rest_;
    token();
    const std::size_t length = start.size() - rest_.size();
    return length == 0 ? std::nullopt : std::optional(std::string(start.substr(0, length)));
  }

 private:
  std::optional<std::string> quoted() {
    std::string text;
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return text;
      if (c == '\\' && !rest_.empty()) {
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      text += c;
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

constexpr std::string_view kBlank = " \t";

// NAME=VALUE. False: there is none, and the scanner stands where it stood; a new challenge may begin there.
bool read_parameter(Scanner& scanner, Challenge& challenge) {
  const std::string_view before = scanner.rest();
  const std::string name = scanner.token();
  scanner.skip(kBlank);
  std::optional<std::string> value;
  if (!name.empty() && scanner.accept('=')) {
    scanner.skip(kBlank);
    value = scanner.value();
  }
  if (!value) {
    scanner.go_to(before);
    return false;
  }
  if (name == "realm") challenge.realm = *value;
  if (name == "service") challenge.service = *value;
  if (name == "scope") challenge.scope = *value;
  if (name == "error") challenge.error = *value;
  return true;
}

}  // namespace

std::vector<Challenge> parse_challenges(std::string_view header) {
  std::vector<Challenge> challenges;
  Scanner scanner(header);
  for (;;) {
    scanner.skip(" \t,");
    Challenge challenge{.scheme = scanner.token()};
    if (challenge.scheme.empty()) return challenges;
    scanner.skip(kBlank);
    while (read_parameter(scanner, challenge)) {
      scanner.skip(kBlank);
      if (!scanner.accept(',')) break;
      scanner.skip(" \t,");
    }
    const bool sound = scanner.at_end() || is_token_character(scanner.rest().front()) || scanner.accept(',');
    if (!sound) return challenges;
    challenges.push_back(std::move(challenge));
  }
}

}  // namespace caisson::registry
