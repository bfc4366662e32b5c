#include "image/document.h"

#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <rapidjson/reader.h>

namespace caisson::image {

namespace {

constexpr std::size_t kMostLevels = 64;
constexpr std::size_t kBytesOfValue = 40;  // a tree may not take many times the memory of the text: "[0,0,0…"

// Looks at a document before a tree is made of it: how deep and how large that would be, and whether a key stands
// twice.
class Shape : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Shape> {
 public:
  explicit Shape(std::size_t most_values) : most_values_(most_values) {}

  const std::optional<spec::Problem>& problem() const { return problem_; }

  // What the reader calls; false ends it. Values of all other kinds come to Default().
  bool Default() {
    if (!levels_.empty()) ++levels_.back().elements;
    return ++values_ <= most_values_ || wrong("", fmt::format("more than {} values", most_values_));
  }
  bool StartObject() { return open(/*is_list=*/false); }
  bool StartArray() { return open(/*is_list=*/true); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    Level& level = levels_.back();
    level.key.assign(text, length);
    return level.keys.insert(level.key).second || wrong(pointer(), "it stands there twice");
  }

 private:
  struct Level {
    bool is_list = false;
    std::size_t elements = 0;
    std::string key = {};
    std::set<std::string> keys = {};
  };

  bool wrong(std::string pointer, std::string text) {
    problem_ = {std::move(pointer), std::move(text)};
    return false;
  }
  bool open(bool is_list) {
    if (!Default()) return false;
    levels_.push_back({.is_list = is_list});
    return levels_.size() <= kMostLevels || wrong("", fmt::format("more than {} levels", kMostLevels));
  }
  bool close() {
    levels_.pop_back();
    return true;
  }
  std::string pointer() const {
    std::string path;
    for (const Level& level : levels_) {
      path = level.is_list ? spec::below(path, level.elements - 1) : spec::below(path, level.key);
    }
    return path;
  }

  std::size_t most_values_;
  std::size_t values_ = 0;
  std::vector<Level> levels_;
  std::optional<spec::Problem> problem_;
};

}  // namespace

Result<spec::Document> parse_document(std::string_view json, std::string_view what, std::size_t limit_bytes) {
  if (json.size() > limit_bytes) {
    return fail(in(what, complaint(fmt::format("it has {} bytes, and {} are allowed", json.size(), limit_bytes))));
  }
  Shape shape(limit_bytes / kBytesOfValue + 1);
  rapidjson::MemoryStream stream(json.data(), json.size());
  rapidjson::Reader().Parse<rapidjson::kParseIterativeFlag>(stream, shape);
  if (shape.problem()) return fail(spec::as_error({*shape.problem()}, what));
  // What is not JSON has ended the look as well: here it gets its words.
  spec::Findings findings;
  std::optional<spec::Document> document = spec::parse_document(json, findings);
  if (!document) return fail(spec::as_error(findings.errors, what));
  return *std::move(document);
}

std::string document_text(const Json& document) {
  return document.dump(/*indent=*/-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

}  // namespace caisson::image
