#include "image/change.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/signals.h"
#include "base/text.h"

namespace caisson::image {

namespace {

constexpr std::string_view kSpaces = " \t\r\n";

char upper_case(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

std::string_view without_first_word(std::string_view text) {
  return trimmed(text.substr(std::min(text.find_first_of(kSpaces), text.size())));
}

// The words of a line: parted by spaces, except in quotes; a backslash takes the next character as it stands.
Result<std::vector<std::string>> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::optional<std::string> word;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool space = kSpaces.find(c) != std::string_view::npos;
    if (quote == 0 && space) {
      if (word) words.push_back(*std::move(word));
      word.reset();
      continue;
    }
    if (!word) word.emplace();
    if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      *word += text[++i];
    } else if (quote != 0 ? c == quote : c == '"' || c == '\'') {
      quote = quote != 0 ? '\0' : c;
    } else {
      *word += c;
    }
  }
  if (quote != 0) return fail(complaint(fmt::format("there is no closing {}", quote)));
  if (word) words.push_back(*std::move(word));
  return words;
}

// ["A", "B"]; nothing if it is not written so.
std::optional<std::vector<std::string>> json_words(std::string_view text) {
  if (!text.starts_with('[')) return std::nullopt;
  const nlohmann::json tree = nlohmann::json::parse(text, nullptr, false);
  if (!tree.is_array()) return std::nullopt;
  std::vector<std::string> words;
  for (const nlohmann::json& word : tree) {
    if (!word.is_string()) return std::nullopt;
    words.push_back(word.get<std::string>());
  }
  return words;
}

// What CMD and ENTRYPOINT run: the words, or a line for the shell.
std::vector<std::string> command_of(const ContainerDefaults& defaults, std::string_view text) {
  if (const auto words = json_words(text)) return *words;
  std::vector<std::string> command =
      defaults.shell.empty() ? std::vector<std::string>{"/bin/sh", "-c"} : defaults.shell;
  command.emplace_back(text);
  return command;
}

struct Pair {
  std::string key;
  std::string value;
};

// KEY=VALUE…, or KEY VALUE.
Result<std::vector<Pair>> pairs_of(std::string_view text) {
  const std::vector<std::string> words = TRY(words_of(text));
  std::vector<Pair> pairs;
  if (words[0].find('=') == std::string::npos) {
    if (words.size() < 2) return fail(complaint(fmt::format("'{}' has no value", words[0])));
    return std::vector{Pair{words[0], std::string(without_first_word(text))}};
  }
  for (const std::string& word : words) {
    const Cut parts = cut(word, '=');
    if (!parts.tail || parts.head.empty()) return fail(complaint(fmt::format("'{}' is not KEY=VALUE", word)));
    pairs.push_back({std::string(parts.head), std::string(*parts.tail)});
  }
  return pairs;
}

void add_once(std::vector<std::string>& list, const std::string& word) {
  if (std::ranges::find(list, word) == list.end()) list.push_back(word);
}

Result<> set_environment(ContainerDefaults& defaults, std::string_view text) {
  for (const Pair& pair : TRY(pairs_of(text))) {
    const std::string variable = pair.key + "=" + pair.value;
    const auto same = std::ranges::find_if(defaults.environment,
                                           [&](const std::string& other) { return other.starts_with(pair.key + "="); });
    if (same != defaults.environment.end()) {
      *same = variable;
    } else {
      defaults.environment.push_back(variable);
    }
  }
  return {};
}

Result<> set_labels(ContainerDefaults& defaults, std::string_view text) {
  for (const Pair& pair : TRY(pairs_of(text))) defaults.labels[pair.key] = pair.value;
  return {};
}

// PORT[-PORT][/PROTOCOL]…
Result<> expose(ContainerDefaults& defaults, std::string_view text) {
  for (const std::string& word : TRY(words_of(text))) {
    const Cut parts = cut(word, '/');
    const std::string protocol(parts.tail.value_or("tcp"));
    const Cut ends = cut(parts.head, '-');
    const auto first = parse_unsigned(ends.head);
    const auto last = ends.tail ? parse_unsigned(*ends.tail) : first;
    const bool known = protocol == "tcp" || protocol == "udp" || protocol == "sctp";
    if (!first || !last || *first == 0 || *last < *first || *last > 65535 || !known)
      return fail(complaint(fmt::format("'{}' is no port, as 80, 80/udp or 80-90", word)));
    for (std::uint64_t port = *first; port <= *last; ++port)
      add_once(defaults.exposed_ports, fmt::format("{}/{}", port, protocol));
  }
  return {};
}

Result<> add_volumes(ContainerDefaults& defaults, std::string_view text) {
  const auto json = json_words(text);
  for (const std::string& path : json ? *json : TRY(words_of(text))) {
    if (path.empty()) return fail(complaint("a volume's path is empty"));
    add_once(defaults.volumes, path);
  }
  return {};
}

Result<> set_stop_signal(ContainerDefaults& defaults, std::string_view text) {
  if (!parse_signal(text)) return fail(complaint(fmt::format("there is no signal '{}'", text)));
  defaults.stop_signal = text;
  return {};
}

Result<> set_working_directory(ContainerDefaults& defaults, std::string_view text) {
  const std::vector<std::string> words = TRY(words_of(text));
  if (words.size() != 1) return fail(complaint("one directory is needed"));
  const bool absolute = words[0].starts_with('/');
  const std::string& before = defaults.working_directory;
  defaults.working_directory = absolute ? words[0] : (before.ends_with('/') ? before : before + "/") + words[0];
  return {};
}

Result<> set_shell(ContainerDefaults& defaults, std::string_view text) {
  const auto words = json_words(text);
  if (!words || words->empty()) return fail(complaint(R"(the shell is needed as ["PROGRAM", "ARGUMENT"])"));
  defaults.shell = *words;
  return {};
}

// "1m30s", as Go writes times.
std::optional<std::int64_t> nanoseconds_of(std::string_view text) {
  constexpr struct {
    std::string_view name;
    double ns;
  } kUnits[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
  double total = 0;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::size_t end = std::min(text.find_first_of("0123456789.", digits), text.size());
    const std::string_view unit = text.substr(digits, end - digits);
    const auto known = std::ranges::find(kUnits, unit, [](const auto& each) { return each.name; });
    const Cut number = cut(text.substr(0, digits), '.');
    const auto whole = parse_unsigned(number.head);
    const auto fraction = number.tail ? parse_unsigned(*number.tail) : 0;
    if (known == std::end(kUnits) || !whole || !fraction) return std::nullopt;
    const double part = number.tail ? static_cast<double>(*fraction) / std::pow(10, number.tail->size()) : 0;
    total += (static_cast<double>(*whole) + part) * known->ns;
    text.remove_prefix(end);
  }
  if (total > 9e18) return std::nullopt;
  return static_cast<std::int64_t>(total);
}

// [--interval=TIME] [--timeout=TIME] [--start-period=TIME] [--start-interval=TIME] [--retries=N] (CMD COMMAND|NONE)
Result<> set_healthcheck(ContainerDefaults& defaults, std::string_view text) {
  Healthcheck check;
  constexpr struct {
    std::string_view name;
    std::int64_t Healthcheck::* field;
  } kTimes[] = {{"interval", &Healthcheck::interval_ns},
                {"timeout", &Healthcheck::timeout_ns},
                {"start-period", &Healthcheck::start_period_ns},
                {"start-interval", &Healthcheck::start_interval_ns}};
  for (; text.starts_with("--"); text = without_first_word(text)) {
    const std::string_view word = text.substr(2, std::min(text.find_first_of(kSpaces), text.size()) - 2);
    const Cut option = cut(word, '=');
    const auto time = std::ranges::find(kTimes, option.head, [](const auto& each) { return each.name; });
    std::optional<std::int64_t> value;
    if (time != std::end(kTimes)) value = nanoseconds_of(option.tail.value_or(""));
    if (option.head == "retries") value = parse_signed(option.tail.value_or(""));
    if (!value || *value < 0) return fail(complaint(fmt::format("'--{}' is not understood", word)));
    (time != std::end(kTimes) ? check.*time->field : check.retries) = *value;
  }
  std::string kind(text.substr(0, text.find_first_of(kSpaces)));
  std::ranges::transform(kind, kind.begin(), upper_case);
  const std::string_view command = without_first_word(text);
  if (kind == "NONE" && command.empty()) {
    check.test = {"NONE"};
  } else if (kind == "CMD" && !command.empty()) {
    const auto words = json_words(command);
    check.test = {words ? "CMD" : "CMD-SHELL"};
    if (words) {
      check.test.insert(check.test.end(), words->begin(), words->end());
    } else {
      check.test.emplace_back(command);
    }
  } else {
    return fail(complaint("NONE, or CMD with a command, is needed"));
  }
  defaults.healthcheck = std::move(check);
  return {};
}

struct Changes {
  ContainerDefaults& defaults;
  bool has_command = false;  // one of the lines gave it
};

struct Instruction {
  std::string_view name;
  Result<> (*apply)(Changes& changes, std::string_view text);
};
constexpr std::array kInstructions = {
    Instruction{"CMD",
                [](Changes& changes, std::string_view text) -> Result<> {
                  changes.defaults.command = command_of(changes.defaults, text);
                  changes.has_command = true;
                  return {};
                }},
    Instruction{"ENTRYPOINT",
                [](Changes& changes, std::string_view text) -> Result<> {
                  changes.defaults.entrypoint = command_of(changes.defaults, text);
                  if (!changes.has_command) changes.defaults.command.clear();
                  return {};
                }},
    Instruction{"ENV", [](Changes& changes, std::string_view text) { return set_environment(changes.defaults, text); }},
    Instruction{"EXPOSE", [](Changes& changes, std::string_view text) { return expose(changes.defaults, text); }},
    Instruction{"HEALTHCHECK",
                [](Changes& changes, std::string_view text) { return set_healthcheck(changes.defaults, text); }},
    Instruction{"LABEL", [](Changes& changes, std::string_view text) { return set_labels(changes.defaults, text); }},
    Instruction{"ONBUILD",
                [](Changes& changes, std::string_view text) -> Result<> {
                  changes.defaults.on_build.emplace_back(text);
                  return {};
                }},
    Instruction{"SHELL", [](Changes& changes, std::string_view text) { return set_shell(changes.defaults, text); }},
    Instruction{"STOPSIGNAL",
                [](Changes& changes, std::string_view text) { return set_stop_signal(changes.defaults, text); }},
    Instruction{"USER",
                [](Changes& changes, std::string_view text) -> Result<> {
                  changes.defaults.user = text;
                  return {};
                }},
    Instruction{"VOLUME", [](Changes& changes, std::string_view text) { return add_volumes(changes.defaults, text); }},
    Instruction{"WORKDIR",
                [](Changes& changes, std::string_view text) { return set_working_directory(changes.defaults, text); }},
};

Result<> apply_line(Changes& changes, std::string_view line) {
  line = trimmed(line);
  std::string name(line.substr(0, line.find_first_of(kSpaces)));
  std::ranges::transform(name, name.begin(), upper_case);
  const auto instruction = std::ranges::find(kInstructions, name, &Instruction::name);
  if (instruction == kInstructions.end()) {
    std::vector<std::string> known;
    for (const Instruction& each : kInstructions) known.emplace_back(each.name);
    return fail(complaint(fmt::format("'{}' is none of {}", name, join(known, ", "))));
  }
  const std::string_view text = without_first_word(line);
  if (text.empty()) return fail(complaint(fmt::format("{} says nothing", name)));
  return instruction->apply(changes, text);
}

}  // namespace

Result<> apply_changes(ContainerDefaults& defaults, const std::vector<std::string>& lines) {
  Changes changes{.defaults = defaults};
  for (const std::string& line : lines) TRY_IN(line, apply_line(changes, line));
  return {};
}

}  // namespace caisson::image
