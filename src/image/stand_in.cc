#include "image/stand_in.h"

#include <iterator>
#include <map>

#include <fmt/format.h>

#include "image/digest.h"
#include "image/limits.h"
#include "image/manifest_kind.h"
#include "image/media_type.h"
#include "image/oci_types.h"

namespace caisson::image {

namespace {

constexpr int kMostIndexes = 4;  // in one another

Result<StandIn::Document> written(std::string bytes, const std::string& media_type) {
  Descriptor descriptor{
      .media_type = media_type, .digest = TRY(digest_of(bytes)), .size = static_cast<std::int64_t>(bytes.size())};
  return StandIn::Document{.descriptor = std::move(descriptor), .bytes = std::move(bytes)};
}

Result<std::optional<StandIn>> find(const ImageStore& store, const Descriptor& target, int depth);

Result<std::optional<StandIn>> for_index(const ImageStore& store, const Index& index, int depth) {
  StandIn made;
  std::map<std::string, Descriptor> converted;
  for (const Descriptor& each : index.manifests) {
    const Content content = content_of(each.media_type);
    const bool is_document = content == Content::kManifest || content == Content::kIndex;
    if (!is_document || !store.has(each)) continue;  // those for other platforms need not be there
    std::optional<StandIn> its = TRY(find(store, each, depth + 1));
    if (!its) continue;
    converted.emplace(each.digest, its->descriptor());
    std::ranges::move(its->documents, std::back_inserter(made.documents));
  }
  const Index other = in_oci_types(index, converted);
  if (other == index) return std::nullopt;
  made.documents.push_back(TRY(written(write_index(other), other.media_type)));
  return made;
}

Result<std::optional<StandIn>> find(const ImageStore& store, const Descriptor& target, int depth) {
  if (depth > kMostIndexes)
    return fail(in(target.digest, complaint(fmt::format("more than {} indexes in one another", kMostIndexes))));
  const std::string text = TRY(store.read_blob(target, kManifestBytes));
  const ManifestOrIndex either = TRY_IN(target.digest, read_manifest_or_index(text, target.media_type));
  if (const Index* index = std::get_if<Index>(&either)) return for_index(store, *index, depth);
  const Manifest& manifest = std::get<Manifest>(either);
  const Manifest other = in_oci_types(manifest);
  if (other == manifest) return std::nullopt;
  return StandIn{.documents = {TRY(written(write_manifest(other), other.media_type))}};
}

}  // namespace

Result<std::optional<StandIn>> stand_in_for(const ImageStore& store, const Descriptor& target) {
  return find(store, target, 0);
}

}  // namespace caisson::image
