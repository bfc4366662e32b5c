#include "image/containerfile.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "base/text.h"

namespace caisson::image {

namespace {

std::string upper(std::string_view word) {
  std::string text(word);
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

// The instructions, with lines that go on joined, and without comments.
std::vector<std::vector<std::string>> instructions_in(std::string_view text) {
  std::vector<std::vector<std::string>> instructions;
  bool goes_on = false;
  for (std::string_view line : split(text, '\n')) {
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) line.remove_suffix(1);
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos || line[begin] == '#') continue;
    if (!goes_on) instructions.emplace_back();
    goes_on = line.ends_with('\\');
    if (goes_on) line.remove_suffix(1);
    for (const std::string_view word : split(line, ' ')) {
      const std::size_t start = word.find_first_not_of('\t');
      if (start != std::string_view::npos) instructions.back().emplace_back(word.substr(start));
    }
  }
  return instructions;
}

// $NAME, ${NAME}, ${NAME:-WORD}; empty where a variable is not known.
std::string substituted(std::string_view word, const std::map<std::string, std::string>& variables) {
  std::string text;
  while (!word.empty()) {
    const std::size_t dollar = word.find('$');
    text += word.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    word.remove_prefix(dollar + 1);
    std::string name;
    std::string otherwise;
    if (word.starts_with('{')) {
      const std::size_t end = word.find('}');
      if (end == std::string_view::npos) return {};
      name = word.substr(1, end - 1);
      word.remove_prefix(end + 1);
      if (const std::size_t colon = name.find(":-"); colon != std::string::npos) {
        otherwise = name.substr(colon + 2);
        name.resize(colon);
      }
    } else {
      const auto end = std::ranges::find_if_not(word, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
      name.assign(word.begin(), end);
      word.remove_prefix(name.size());
    }
    const auto known = variables.find(name);
    const std::string value = known == variables.end() || known->second.empty() ? otherwise : known->second;
    if (value.empty()) return {};
    text += value;
  }
  return text;
}

}  // namespace

std::vector<std::string> images_in_containerfile(std::string_view text) {
  std::vector<std::string> images;
  std::vector<std::string> stages = {"scratch"};
  std::map<std::string, std::string> variables;
  const auto add = [&](std::string_view word) {
    const std::string image = substituted(word, variables);
    const bool is_stage = std::ranges::find(stages, image) != stages.end() || parse_unsigned(image).has_value();
    if (image.empty() || is_stage || std::ranges::find(images, image) != images.end()) return;
    images.push_back(image);
  };
  bool any_stage = false;
  for (const std::vector<std::string>& words : instructions_in(text)) {
    if (words.size() < 2) continue;
    const std::string name = upper(words[0]);
    if (name == "ARG" && !any_stage) {
      const Cut parts = cut(words[1], '=');
      variables[std::string(parts.head)] = parts.tail.value_or("");
    } else if (name == "FROM") {
      any_stage = true;
      const auto image = std::ranges::find_if(words.begin() + 1, words.end(),
                                              [](const std::string& word) { return !word.starts_with("--"); });
      if (image == words.end()) continue;
      add(*image);
      if (words.end() - image > 2 && upper(image[1]) == "AS") stages.push_back(image[2]);
    } else if (name == "COPY" || name == "ADD") {
      constexpr std::string_view kFrom = "--from=";
      if (words[1].starts_with(kFrom)) add(std::string_view(words[1]).substr(kFrom.size()));
    }
  }
  return images;
}

}  // namespace caisson::image
