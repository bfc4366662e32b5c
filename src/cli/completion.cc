#include "cli/completion.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace caisson::cli {

namespace {

// Words in the place of values, with what they may be.
struct Choice {
  std::string_view placeholder;
  std::string_view words;
};
constexpr std::array kChoices = {
    Choice{"POLICY", "no on-failure always unless-stopped"},
    Choice{"WHEN", "missing always never newer"},
    Choice{"LEVEL", "debug info warning error"},
    Choice{"SHELL", "bash zsh fish"},
    Choice{"STATUS", "created running paused exited stopped restarting removed"},
    Choice{"SIGNAL", "HUP INT QUIT KILL USR1 USR2 TERM CONT STOP WINCH"},
};

struct Names {
  std::string_view placeholder;
  std::string_view command;  // words with a space between
};
constexpr std::array kNames = {
    Names{"CONTAINER", "ps --all --format {{.Names}}"},
    Names{"IMAGE", "images --filter dangling=false --format {{.Repository}}:{{.Tag}}"},
    Names{"SOURCE", "images --filter dangling=false --format {{.Repository}}:{{.Tag}}"},
    Names{"VOLUME", "volume ls --format {{.Name}}"},
    Names{"SECRET", "secret ls --format {{.Name}}"},
    Names{"NETWORK", "network ls --format {{.Name}}"},
    Names{"POD", "pod ls --format {{.Name}}"},
};

bool is_placeholder_letter(char c) { return (c >= 'A' && c <= 'Z') || c == '-'; }

/// What "CONTAINER:PATH|FILE" asks for.
void add_placeholders(std::string_view text, Completion& completion) {
  while (!text.empty()) {
    const auto end = std::ranges::find_if_not(text, is_placeholder_letter);
    const auto length = static_cast<std::size_t>(end - text.begin());
    const std::string_view word = text.substr(0, length);
    text.remove_prefix(std::max(length, std::size_t{1}));
    if (word == "FILE" || word == "PATH") completion.files = true;
    if (word == "SOURCE" || word == "DIR" || word == "CONTEXT") completion.directories = true;
    if (std::ranges::find(kNames, word, &Names::placeholder) != kNames.end()) completion.names.push_back(word);
    const auto choice = std::ranges::find(kChoices, word, &Choice::placeholder);
    if (choice == kChoices.end()) continue;
    for (const std::string_view each : split(choice->words, ' ')) completion.candidates.push_back({std::string(each)});
  }
}

/// The operands of a usage line, in their order: without options, "[-t SECONDS]" among them, and what belongs to those.
std::vector<std::string_view> operands_of(std::string_view line) {
  std::vector<std::string_view> operands;
  bool within_option = false;
  for (const std::string_view word : split(line, ' ')) {
    if (word.starts_with("[-")) within_option = true;
    const bool belongs_to_option = within_option;
    if (word.ends_with(']')) within_option = false;
    if (belongs_to_option || word.empty() || word.starts_with("OPTION") || word.starts_with("[OPTION")) continue;
    operands.push_back(word);
  }
  return operands;
}

void add_operand(std::string_view usage, std::size_t number, Completion& completion) {
  for (const std::string_view line : split(usage, '\n')) {
    const std::vector<std::string_view> operands = operands_of(line);
    if (operands.empty()) continue;
    const bool goes_on = operands.back().find("…") != std::string_view::npos;
    if (number < operands.size()) {
      add_placeholders(operands[number], completion);
    } else if (goes_on) {
      add_placeholders(operands.back(), completion);
    }
  }
}

/// Reads the words before the cursor, one after the other.
class Position {
 public:
  Position(std::span<const Verb> verbs, const std::vector<Spelling>& globals)
      : verbs_(verbs), manual_{.operands = "", .about = "", .options = globals, .order = Order::kBeforeOperands} {}

  void step_over(const std::string& word);
  Completion at(const std::string& word) const;

 private:
  bool is_option(std::string_view word) const { return !options_ended_ && word.size() > 1 && word.starts_with('-'); }
  const Spelling* long_row(std::string_view name) const;
  const Spelling* row_that_wants_value(std::string_view letters) const;
  void enter(const Verb& verb);
  void add_options(Completion& completion) const;

  std::span<const Verb> verbs_;  // that may stand here; none behind the last verb
  Manual manual_;
  bool is_lost_ = false;  // a verb that there is not
  bool options_ended_ = false;
  std::size_t operands_ = 0;
  std::optional<std::string_view> value_;  // what the option before this word wants
};

const Spelling* Position::long_row(std::string_view name) const {
  const auto row = std::ranges::find(manual_.options, name, &Spelling::name);
  return row == manual_.options.end() ? nullptr : &*row;
}

const Spelling* Position::row_that_wants_value(std::string_view letters) const {
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const auto row = std::ranges::find(manual_.options, letters[i], &Spelling::letter);
    if (row == manual_.options.end()) return nullptr;
    if (!row->argument.empty()) return i + 1 == letters.size() ? &*row : nullptr;  // else the rest is its value
  }
  return nullptr;
}

void Position::enter(const Verb& verb) {
  manual_ = verb.manual == nullptr ? Manual{} : verb.manual();
  verbs_ = verb.verbs == nullptr ? std::span<const Verb>() : verb.verbs();
  options_ended_ = false;
}

void Position::step_over(const std::string& word) {
  if (value_) return value_.reset();
  if (word == "--" && !options_ended_) {
    options_ended_ = true;
    return;
  }
  if (is_option(word)) {
    const bool is_long = word.starts_with("--");
    const Spelling* row = is_long ? long_row(word.substr(2)) : row_that_wants_value(word.substr(1));
    if (row != nullptr && !row->argument.empty()) value_ = row->argument;
    return;
  }
  if (!verbs_.empty()) {
    const auto verb = std::ranges::find(verbs_, std::string_view(word), &Verb::name);
    if (verb != verbs_.end()) return enter(*verb);
    is_lost_ = true;
    return;
  }
  ++operands_;
  if (manual_.order == Order::kBeforeOperands) options_ended_ = true;
}

void Position::add_options(Completion& completion) const {
  for (const Spelling& row : manual_.options) {
    if (!row.help.empty()) completion.candidates.push_back({fmt::format("--{}", row.name), row.help});
  }
  completion.candidates.push_back({"--help", "Print what there is to say about it"});
}

Completion Position::at(const std::string& word) const {
  Completion completion;
  if (is_lost_) return completion;
  if (value_) {
    add_placeholders(*value_, completion);
  } else if (is_option(word) || (word == "-" && !options_ended_)) {
    const Cut parts = cut(std::string_view(word), '=');
    const Spelling* row = parts.tail && word.starts_with("--") ? long_row(parts.head.substr(2)) : nullptr;
    if (row != nullptr) {
      add_placeholders(row->argument.empty() ? "" : row->argument, completion);
    } else if (!parts.tail) {
      add_options(completion);
    }
  } else if (!verbs_.empty()) {
    for (const Verb& verb : verbs_) {
      if (!verb.summary.empty()) completion.candidates.push_back({std::string(verb.name), verb.summary});
    }
  } else {
    add_operand(manual_.operands, operands_, completion);
  }
  return completion;
}

}  // namespace

Completion complete(std::span<const Verb> verbs, const std::vector<Spelling>& globals,
                    const std::vector<std::string>& words) {
  if (words.empty()) return {};
  Position position(verbs, globals);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) position.step_over(words[i]);
  return position.at(words.back());
}

std::vector<std::string> names_command(std::string_view what) {
  std::vector<std::string> words;
  const auto names = std::ranges::find(kNames, what, &Names::placeholder);
  if (names == kNames.end()) return words;
  for (const std::string_view word : split(names->command, ' ')) words.emplace_back(word);
  return words;
}

}  // namespace caisson::cli
