#include "image/store_index.h"

#include <fcntl.h>
#include <stdio.h>

#include <cerrno>

#include "base/text.h"
#include "image/descriptor_json.h"
#include "image/digest_name.h"
#include "image/limits.h"
#include "image/media_type.h"
#include "image/synced.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

constexpr std::size_t kIndexBytes = 16U << 20;  // some 50,000 names

constexpr std::string_view kMediaType = "caisson.original.mediaType";
constexpr std::string_view kDigest = "caisson.original.digest";
constexpr std::string_view kSize = "caisson.original.size";
constexpr std::string_view kOf = "caisson.original.of";

std::string take(Annotations& annotations, std::string_view key) {
  auto node = annotations.extract(std::string(key));
  return node.empty() ? std::string() : std::move(node.mapped());
}

// Turns a line that was read into what it stands for, if there is such a thing.
Result<> find_original(StoreEntry& entry) {
  Annotations& annotations = entry.descriptor.annotations;
  const std::string of = take(annotations, kOf);
  Descriptor original{.media_type = take(annotations, kMediaType), .digest = take(annotations, kDigest)};
  const std::string size = take(annotations, kSize);
  if (of != entry.descriptor.digest) return {};
  const auto bytes = parse_unsigned(size);
  TRY_IN(kDigest, check_digest(original.digest));
  if (!is_media_type(original.media_type)) return fail(in(kMediaType, complaint("it is no media type")));
  if (!bytes || *bytes > kManifestBytes) return fail(in(kSize, complaint("it is not the size of a manifest")));
  original.size = static_cast<std::int64_t>(*bytes);
  original.annotations = annotations;
  original.platform = entry.descriptor.platform;
  entry.stand_in = std::move(entry.descriptor);
  entry.stand_in->annotations.clear();
  entry.descriptor = std::move(original);
  return {};
}

std::string text_in(const Json& object, std::string_view key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string index_path(const ImageStore& store) { return store.path() + "/index.json"; }

}  // namespace

Json empty_index() {
  return {{"schemaVersion", 2}, {"mediaType", media_type::kOciIndex}, {"manifests", Json::array()}};
}

Result<std::string> read_index_text(const ImageStore& store) {
  Result<std::string> text = kernel::read_file(index_path(store), kIndexBytes);
  if (text || text.error().number != ENOENT) return text;
  return document_text(empty_index());
}

Result<spec::Document> parse_index(const ImageStore& store, std::string_view text) {
  const std::string path = index_path(store);
  spec::Document tree = TRY(parse_document(text, path, kIndexBytes));
  const auto wrong = [&](std::string pointer, std::string words) {
    return fail(spec::as_error({{std::move(pointer), std::move(words)}}, path));
  };
  if (!tree.IsObject()) return wrong("", "wrong type: an object is expected");
  if (!tree.HasMember("manifests")) tree.AddMember("manifests", spec::Json(), tree.GetAllocator());
  spec::Json& manifests = tree["manifests"];
  if (manifests.IsNull()) manifests.SetArray();
  if (!manifests.IsArray()) return wrong("/manifests", "wrong type: a list is expected");
  return tree;
}

Result<Json> read_index_tree(const ImageStore& store) {
  const std::string text = TRY(read_index_text(store));
  TRY(parse_index(store, text));
  Json tree = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (tree.is_discarded()) return fail(in(index_path(store), complaint("it cannot be read")));
  if (tree["manifests"].is_null()) tree["manifests"] = Json::array();
  return tree;
}

Result<> write_index_tree(const ImageStore& store, const Json& tree) {
  return replace_synced(store.partial_path("index.json"), index_path(store), document_text(tree));
}

Result<StoreEntry> entry_from(const spec::Json& line, const spec::Place& place) {
  spec::Findings findings;
  spec::Fields fields(line, place, findings);
  StoreEntry entry;
  read_descriptor(fields, entry.descriptor);
  if (!findings.errors.empty()) return fail(spec::as_error(findings.errors, "index.json"));
  const auto name = entry.descriptor.annotations.find(std::string(kRefName));
  if (name != entry.descriptor.annotations.end()) entry.name = name->second;
  TRY_IN("index.json", find_original(entry));
  return entry;
}

Json line_of(const StoreEntry& entry) {
  Descriptor line = entry.descriptor;
  if (entry.stand_in) {
    line.media_type = entry.stand_in->media_type;
    line.digest = entry.stand_in->digest;
    line.size = entry.stand_in->size;
    line.annotations[std::string(kMediaType)] = entry.descriptor.media_type;
    line.annotations[std::string(kDigest)] = entry.descriptor.digest;
    line.annotations[std::string(kSize)] = std::to_string(entry.descriptor.size);
    line.annotations[std::string(kOf)] = entry.stand_in->digest;
  }
  line.annotations.erase(std::string(kRefName));
  if (!entry.name.empty()) line.annotations[std::string(kRefName)] = entry.name;
  return descriptor_json(line);
}

std::string digest_in(const Json& line) {
  std::string digest = text_in(line, "digest");
  const auto annotations = line.is_object() ? line.find("annotations") : line.end();
  if (annotations == line.end() || digest.empty() || text_in(*annotations, kOf) != digest) return digest;
  return text_in(*annotations, kDigest);
}

}  // namespace caisson::image
