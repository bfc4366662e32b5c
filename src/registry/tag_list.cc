#include "registry/tag_list.h"

#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/text.h"
#include "image/reference.h"
#include "registry/answer_words.h"

namespace caisson::registry {

namespace {

using Json = nlohmann::json;

// A tag makes a name of any repository, and nothing but a tag.
bool is_tag(const std::string& text) {
  const Result<image::Reference> reference = image::parse_reference("localhost/x:" + text);
  return reference && reference->tag == text;
}

constexpr std::string_view kSpace = " \t";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return "";
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// One parameter of a link: `rel="next"`, `rel=next`, or with several relations in it.
bool says_next(std::string_view parameter) {
  const std::size_t equals = parameter.find('=');
  if (equals == parameter.npos || trimmed(parameter.substr(0, equals)) != "rel") return false;
  std::string_view value = trimmed(parameter.substr(equals + 1));
  if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) value = value.substr(1, value.size() - 2);
  for (std::size_t at = 0; at <= value.size();) {
    const std::size_t end = std::min(value.find(' ', at), value.size());
    if (value.substr(at, end - at) == "next") return true;
    at = end + 1;
  }
  return false;
}

}  // namespace

Result<std::vector<std::string>> read_tags(std::string_view body) {
  const Json document = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object() || !document.contains("tags")) return fail(complaint("the answer is no list of tags"));
  const Json& list = document["tags"];
  if (list.is_null()) return std::vector<std::string>();  // of an empty repository
  if (!list.is_array()) return fail(complaint("the answer is no list of tags"));
  std::vector<std::string> tags;
  for (const Json& each : list) {
    if (!each.is_string() || !is_tag(each.get_ref<const std::string&>())) {
      const std::string shown = each.is_string() ? "'" + shown_words(each.get_ref<const std::string&>()) + "'" : "";
      return fail(complaint("the registry lists a tag that is none" + (shown.empty() ? "" : ": " + shown)));
    }
    tags.push_back(each.get<std::string>());
  }
  return tags;
}

std::optional<std::string> next_page(std::string_view link) {
  while (true) {
    const std::size_t begin = link.find('<');
    const std::size_t end = link.find('>', begin == link.npos ? link.size() : begin);
    if (end == link.npos) return std::nullopt;
    const std::string_view address = link.substr(begin + 1, end - begin - 1);
    link.remove_prefix(end + 1);
    const std::size_t next = std::min(link.find('<'), link.size());
    std::string_view parameters = link.substr(0, next);
    if (const std::size_t comma = parameters.rfind(','); next < link.size() && comma != parameters.npos)
      parameters = parameters.substr(0, comma);
    for (std::size_t at = 0; at <= parameters.size();) {
      const std::size_t semicolon = std::min(parameters.find(';', at), parameters.size());
      if (says_next(trimmed(parameters.substr(at, semicolon - at)))) return std::string(address);
      at = semicolon + 1;
    }
    link.remove_prefix(next);
  }
}

}  // namespace caisson::registry
