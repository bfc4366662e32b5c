#include "image/manifest_kind.h"

#include <fmt/format.h>

#include "image/descriptor_json.h"
#include "image/limits.h"
#include "image/media_type.h"
#include "image/quoted.h"

namespace caisson::image {

namespace {

constexpr std::string_view kManifestWords = "image manifest";
constexpr std::string_view kIndexWords = "image index";

Error wrong(std::string pointer, std::string text) {
  return spec::as_error({{std::move(pointer), std::move(text)}}, kManifestWords);
}

// The member, unless it is not there or null.
const spec::Json* member(const spec::Json& document, const char* key) {
  const auto found = document.FindMember(key);
  return found == document.MemberEnd() || found->value.IsNull() ? nullptr : &found->value;
}

std::string_view words_of(Content content) { return content == Content::kIndex ? kIndexWords : kManifestWords; }

bool is_either(Content content) { return content == Content::kIndex || content == Content::kManifest; }

// What the document is by its own words, by `said`, or, where both say nothing, by what is in it.
Result<std::string> media_type_of(const spec::Json& document, std::string_view said) {
  const spec::Json* own = member(document, "mediaType");
  if (own != nullptr && !own->IsString()) return fail(wrong("/mediaType", "wrong type: a string is expected"));
  std::string type = own != nullptr ? own->GetString() : "";
  const spec::Json* version = member(document, "schemaVersion");
  const bool of_schema_1 =
      member(document, "fsLayers") != nullptr || (version != nullptr && version->IsInt() && version->GetInt() == 1);
  if (of_schema_1 || content_of(type) == Content::kSchema1 || content_of(said) == Content::kSchema1) {
    return fail(
        in(kManifestWords, complaint("Docker's schema 1, which has no config and no media types",
                                     "whoever keeps the image can push it again with a newer docker or skopeo")));
  }
  const bool as_index = member(document, "manifests") != nullptr;
  const bool as_manifest = member(document, "config") != nullptr || member(document, "layers") != nullptr;
  if (as_index && as_manifest)
    return fail(wrong("/manifests", "a manifest has none, and an index no config or layers"));
  if (!as_index && !as_manifest) return fail(wrong("", "neither a manifest nor an index"));
  const Content shape = as_index ? Content::kIndex : Content::kManifest;

  if (!type.empty() && content_of(type) != shape) {
    return fail(wrong("/mediaType", fmt::format("{}, but it is an {}", quoted_name(type), words_of(shape))));
  }
  if (is_either(content_of(said)) && content_of(said) != shape) {
    return fail(wrong("", fmt::format("it was said to be {}, but it is an {}", quoted_name(said), words_of(shape))));
  }
  if (!type.empty()) return type;
  if (is_either(content_of(said))) return std::string(said);
  return std::string(as_index ? media_type::kOciIndex : media_type::kOciManifest);
}

// What both have.
template <class Document>
void read_common(spec::Fields& fields, Document& document) {
  std::int64_t version = 2;
  fields.require("schemaVersion", version);
  if (version != 2) fields.error("schemaVersion", fmt::format("it is {}, not 2", version));
  fields.read("artifactType", document.artifact_type);
  fields.read("annotations", document.annotations);
  fields.object("subject", [&](spec::Fields& members) { read_descriptor(members, document.subject.emplace()); });
}

Result<Manifest> manifest_from(const spec::Json& document, std::string media_type) {
  spec::Findings findings;
  spec::Fields fields(document, spec::Place(""), findings);
  Manifest manifest{.media_type = std::move(media_type), .config = {}, .layers = {}};
  read_common(fields, manifest);
  bool has_config = false;
  fields.object("config", [&](spec::Fields& members) {
    has_config = true;
    read_descriptor(members, manifest.config);
  });
  if (!has_config && findings.errors.empty()) fields.error("config", "missing");
  fields.list("layers", manifest.layers, read_descriptor);
  if (!findings.errors.empty()) return fail(spec::as_error(findings.errors, kManifestWords));
  return manifest;
}

Result<Index> index_from(const spec::Json& document, std::string media_type) {
  spec::Findings findings;
  spec::Fields fields(document, spec::Place(""), findings);
  Index index{.media_type = std::move(media_type), .manifests = {}};
  read_common(fields, index);
  fields.list("manifests", index.manifests, read_descriptor);
  if (!findings.errors.empty()) return fail(spec::as_error(findings.errors, kIndexWords));
  return index;
}

template <class Document>
Json common_json(const Document& document) {
  Json json = {{"schemaVersion", 2}, {"mediaType", document.media_type}};
  if (!document.artifact_type.empty()) json["artifactType"] = document.artifact_type;
  if (!document.annotations.empty()) json["annotations"] = document.annotations;
  if (document.subject) json["subject"] = descriptor_json(*document.subject);
  return json;
}

Json list_json(const std::vector<Descriptor>& descriptors) {
  Json list = Json::array();
  for (const Descriptor& descriptor : descriptors) list.push_back(descriptor_json(descriptor));
  return list;
}

}  // namespace

Result<ManifestOrIndex> read_manifest_or_index(std::string_view json, std::string_view media_type) {
  const spec::Document document = TRY(parse_document(json, kManifestWords, kManifestBytes));
  if (!document.IsObject()) return fail(wrong("", "wrong type: an object is expected"));
  std::string type = TRY(media_type_of(document, plain_media_type(media_type)));
  if (content_of(type) == Content::kIndex) return TRY(index_from(document, std::move(type)));
  return TRY(manifest_from(document, std::move(type)));
}

Result<Manifest> read_manifest(std::string_view json, std::string_view media_type) {
  ManifestOrIndex either = TRY(read_manifest_or_index(json, media_type));
  if (Manifest* manifest = std::get_if<Manifest>(&either)) return std::move(*manifest);
  return fail(wrong("", "it is an index of images, not the manifest of one"));
}

Result<Index> read_index(std::string_view json, std::string_view media_type) {
  ManifestOrIndex either = TRY(read_manifest_or_index(json, media_type));
  if (Index* index = std::get_if<Index>(&either)) return std::move(*index);
  return fail(in(kIndexWords, complaint("it is the manifest of one image, not an index")));
}

std::string write_manifest(const Manifest& manifest) {
  Json json = common_json(manifest);
  json["config"] = descriptor_json(manifest.config);
  json["layers"] = list_json(manifest.layers);
  return document_text(json);
}

std::string write_index(const Index& index) {
  Json json = common_json(index);
  json["manifests"] = list_json(index.manifests);
  return document_text(json);
}

}  // namespace caisson::image
