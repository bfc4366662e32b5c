#include "archive/layout_lines.h"

#include "image/descriptor_json.h"
#include "image/limits.h"
#include "image/media_type.h"

namespace caisson::archive {

namespace {

using image::Json;

std::string text_in(const Json& line, std::string_view key) {
  if (!line.is_object()) return {};
  const auto found = line.find(key);
  return found != line.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string name_in(const Json& line) {
  const auto annotations = line.is_object() ? line.find("annotations") : line.end();
  return annotations == line.end() ? std::string() : text_in(*annotations, image::kRefName);
}

}  // namespace

Json empty_index() {
  return {{"schemaVersion", 2}, {"mediaType", image::media_type::kOciIndex}, {"manifests", Json::array()}};
}

Result<Json> read_index_lines(std::string_view text) {
  constexpr const char* kFile = "index.json";
  (void)TRY(image::parse_document(text, kFile, image::kManifestBytes));
  Json tree = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!tree.is_object()) return fail(in(kFile, complaint("it is no index")));
  Json& lines = tree["manifests"];
  if (lines.is_null()) lines = Json::array();
  if (!lines.is_array()) return fail(in(kFile, complaint("its manifests are no list")));
  return tree;
}

void add_line(Json& index, const image::Descriptor& image, const std::string& name) {
  image::Descriptor line = image;
  line.annotations.erase(std::string(image::kRefName));
  if (!name.empty()) line.annotations[std::string(image::kRefName)] = name;
  Json kept = Json::array();
  for (Json& other : index["manifests"]) {
    const std::string other_name = name_in(other);
    if (name.empty() ? text_in(other, "digest") == image.digest && other_name.empty() : other_name == name) continue;
    kept.push_back(std::move(other));
  }
  kept.push_back(image::descriptor_json(line));
  index["manifests"] = std::move(kept);
}

}  // namespace caisson::archive
