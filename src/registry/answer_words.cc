#include "registry/answer_words.h"

#include <nlohmann/json.hpp>

#include <limits>

#include "base/text.h"

namespace caisson::registry {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kShownBytes = 400;

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// "MANIFEST_UNKNOWN" → "manifest unknown"
std::string code_words(std::string code) {
  for (char& c : code) c = c == '_' ? ' ' : (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  return code;
}

std::string joined(const std::string& what, const std::string& why) {
  if (what.empty() || why.empty() || what == why) return what.empty() ? why : what;
  return what + ": " + why;
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  const std::optional<std::uint64_t> number = parse_unsigned(text);
  if (!number || *number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

}  // namespace

std::string shown_words(std::string_view text) {
  std::string words;
  for (const char c : text.substr(0, kShownBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    words += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  while (words.ends_with(' ')) words.pop_back();
  words.erase(0, std::min(words.find_first_not_of(' '), words.size()));
  return words + (text.size() > kShownBytes ? "…" : "");
}

std::string error_words(std::string_view body) {
  const Json document = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return {};
  std::string words;
  if (const auto errors = document.find("errors"); errors != document.end() && errors->is_array()) {
    for (const Json& error : *errors) {
      if (!error.is_object()) continue;
      std::string one = joined(code_words(text_at(error, "code")), text_at(error, "message"));
      one = joined(one, text_at(error, "detail"));
      if (!one.empty()) words += (words.empty() ? "" : "; ") + one;
    }
  }
  if (words.empty()) words = joined(code_words(text_at(document, "error")), text_at(document, "error_description"));
  for (const char* key : {"details", "message", "detail"}) {
    if (words.empty()) words = text_at(document, key);
  }
  return shown_words(words);
}

std::optional<std::string> warning_text(std::string_view header) {
  constexpr std::string_view kStart = "299 - \"";
  if (!header.starts_with(kStart)) return std::nullopt;
  std::string text;
  for (std::size_t i = kStart.size(); i < header.size() && header[i] != '"'; ++i) {
    if (header[i] == '\\' && i + 1 < header.size()) ++i;
    text += header[i];
  }
  return shown_words(text);
}

std::optional<ContentRange> parse_content_range(std::string_view header) {
  constexpr std::string_view kUnit = "bytes ";
  if (!header.starts_with(kUnit)) return std::nullopt;
  const Cut whole = cut(header.substr(kUnit.size()), '/');
  const Cut range = cut(whole.head, '-');
  if (!whole.tail || !range.tail) return std::nullopt;
  const auto first = parse_size(range.head);
  const auto last = parse_size(*range.tail);
  const auto size = parse_size(*whole.tail);
  if (!first || !last || *last < *first || (!size && *whole.tail != "*")) return std::nullopt;
  if (size && *last >= *size) return std::nullopt;
  return ContentRange{.first = *first, .last = *last, .size = size};
}

std::optional<std::int64_t> uploaded_bytes(std::string_view range) {
  if (range.starts_with("bytes=")) range.remove_prefix(6);
  const Cut ends = cut(range, '-');
  if (!ends.tail || ends.head != "0") return std::nullopt;
  const auto last = parse_size(*ends.tail);
  if (!last || *last == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  return *last == 0 ? 0 : *last + 1;  // "0-0" is what registries say of an upload that has nothing yet
}

}  // namespace caisson::registry
