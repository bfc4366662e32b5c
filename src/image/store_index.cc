#include "image/store_index.h"

#include <fcntl.h>
#include <stdio.h>

#include <cerrno>

#include "image/descriptor_json.h"
#include "image/media_type.h"
#include "image/synced.h"
#include "kernel/files.h"

namespace caisson::image {

namespace {

constexpr std::size_t kIndexBytes = 16U << 20;  // some 50,000 names

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
  return entry;
}

}  // namespace caisson::image
