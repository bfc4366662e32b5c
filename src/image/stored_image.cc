#include "image/stored_image.h"

#include <algorithm>
#include <cerrno>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "image/digest_name.h"
#include "image/limits.h"
#include "image/manifest_kind.h"
#include "image/quoted.h"

namespace caisson::image {

namespace {

constexpr int kMostIndexes = 4;  // in one another

// What is missing is a missing image, unlike what cannot be read.
bool is_missing(const Error& error) { return error.number == ENOENT; }

Result<std::optional<StoredImage>> read_image(const ImageStore& store, const Descriptor& target,
                                              const std::vector<Platform>& fitting) {
  Descriptor at = target;
  for (int depth = 0; depth <= kMostIndexes; ++depth) {
    const Result<std::string> text = store.read_blob(at, kManifestBytes);
    if (!text && is_missing(text.error())) return std::nullopt;
    ManifestOrIndex either = TRY_IN(at.digest, read_manifest_or_index(TRY(text), at.media_type));
    if (Manifest* manifest = std::get_if<Manifest>(&either)) {
      return StoredImage{.target = target, .manifest_descriptor = std::move(at), .manifest = std::move(*manifest)};
    }
    const Index& index = std::get<Index>(either);
    Result<Descriptor> chosen = choose(index, fitting);
    if (!chosen) return std::nullopt;
    at = *std::move(chosen);
  }
  return fail(in(target.digest, complaint(fmt::format("more than {} indexes in one another", kMostIndexes))));
}

// `index`: at least all lines with the digest of the entry.
Result<std::optional<StoredImage>> image_at(const ImageStore& store, const StoreIndex& index, const StoreEntry& entry,
                                            const std::vector<Platform>& fitting) {
  const std::string shown = entry.name.empty() ? entry.descriptor.digest : quoted_name(entry.name);
  std::optional<StoredImage> image = TRY_IN(shown, read_image(store, entry.descriptor, fitting));
  if (!image) return std::nullopt;
  image->stand_in = entry.stand_in;
  for (const StoreEntry& other : index.entries) {
    if (other.descriptor.digest == entry.descriptor.digest && !other.name.empty()) image->names.push_back(other.name);
  }
  return image;
}

Result<std::optional<StoreEntry>> entry_named(const ImageStore& store, std::string_view name) {
  const StoreIndex index = TRY(store.index_about(name));
  const auto found = std::ranges::find(index.entries, name, &StoreEntry::name);
  if (name.empty() || found == index.entries.end()) return std::nullopt;
  return *found;
}

// An image that was pulled by its tag is also what its repository has under its digest.
Result<std::optional<StoreEntry>> entry_with_digest(const ImageStore& store, const Reference& reference) {
  const StoreIndex index = TRY(store.index_about(reference.digest));
  for (const StoreEntry& entry : index.entries) {
    const Result<Reference> other = parse_reference(entry.name);
    if (entry.descriptor.digest == reference.digest && other && other->name() == reference.name()) return entry;
  }
  return std::nullopt;
}

// The names that `text` may stand for, in the order in which they are looked for.
std::vector<Reference> references_meant(std::string_view text) {
  std::vector<Reference> meant;
  if (const Result<Reference> reference = parse_reference(text)) {
    meant.push_back(with_default_tag(*reference));
    const Result<Reference> local = parse_reference("localhost/" + std::string(text));
    if (local && is_short_name(text)) meant.push_back(with_default_tag(*local));
  }
  return meant;
}

Result<std::optional<StoreEntry>> entry_called(const ImageStore& store, std::string_view text) {
  for (const Reference& reference : references_meant(text)) {
    std::optional<StoreEntry> entry = TRY(entry_named(store, reference.text()));
    if (!entry && !reference.digest.empty()) entry = TRY(entry_with_digest(store, reference));
    if (entry) return entry;
  }
  return entry_named(store, text);  // as another tool has written it
}

// The image whose id, or whose manifest's or index's digest, begins with these digits.
Result<std::optional<StoredImage>> by_id(const ImageStore& store, const StoreIndex& index, std::string_view digits,
                                         const std::vector<Platform>& fitting) {
  std::optional<StoredImage> found;
  std::set<std::string> ids;
  for (const StoreEntry& entry : index.entries) {
    const auto begins = [&](const std::string& digest) { return hex_of(digest).starts_with(digits); };
    Result<std::optional<StoredImage>> image = image_at(store, index, entry, fitting);
    if (!image && begins(entry.descriptor.digest)) return fail(image.error());
    if (!image || !*image) continue;
    const StoredImage& one = **image;
    if (!begins(one.id()) && !begins(one.target.digest) && !begins(one.manifest_descriptor.digest)) continue;
    ids.insert(one.id());
    if (!found) found = **std::move(image);
  }
  if (ids.size() > 1) {
    const std::vector<std::string> several(ids.begin(), ids.end());
    return fail(
        complaint(fmt::format("{} is the beginning of several ids: {}", quoted_name(digits), join(several, ", "))));
  }
  return found;
}

}  // namespace

Result<std::optional<StoredImage>> find_named(const ImageStore& store, std::string_view name,
                                              const std::vector<Platform>& fitting) {
  const std::optional<StoreEntry> entry = TRY(entry_named(store, name));
  if (!entry) return std::nullopt;
  return image_at(store, TRY(store.index_about(entry->descriptor.digest)), *entry, fitting);
}

Result<std::optional<StoredImage>> find_image(const ImageStore& store, std::string_view text,
                                              const std::vector<Platform>& fitting) {
  const std::optional<StoreEntry> entry = TRY(entry_called(store, text));
  if (entry) return image_at(store, TRY(store.index_about(entry->descriptor.digest)), *entry, fitting);
  const std::optional<std::string_view> digits = id_prefix(text);
  if (!digits) return std::nullopt;
  return by_id(store, TRY(store.index()), *digits, fitting);
}

std::string name_meant(const StoredImage& image, std::string_view text) {
  const auto has = [&](std::string_view name) { return std::ranges::find(image.names, name) != image.names.end(); };
  for (const Reference& reference : references_meant(text)) {
    if (has(reference.text())) return reference.text();
  }
  return has(text) ? std::string(text) : std::string();
}

Result<ImageList> list_images(const ImageStore& store, const std::vector<Platform>& fitting) {
  const StoreIndex index = TRY(store.index());
  ImageList list{.images = {}, .problems = index.unreadable};
  std::set<std::string> seen;
  for (const StoreEntry& entry : index.entries) {
    if (!seen.insert(entry.descriptor.digest).second) continue;
    Result<std::optional<StoredImage>> image = image_at(store, index, entry, fitting);
    if (!image) {
      list.problems.push_back(image.error().text());
    } else if (*image) {
      list.images.push_back(**std::move(image));
    } else {
      const std::string shown = entry.name.empty() ? entry.descriptor.digest : quoted_name(entry.name);
      list.problems.push_back(fmt::format("{}: no image for {} is in the store", shown, fitting.front().text()));
    }
  }
  return list;
}

Result<ImageConfig> read_stored_config(const ImageStore& store, const StoredImage& image) {
  const std::string text = TRY(store.read_blob(image.manifest.config, kConfigBytes));
  ImageConfig config = TRY_IN(image.id(), read_image_config(text));
  TRY_IN(image.manifest_descriptor.digest, check_layers(image.manifest, config));
  return config;
}

}  // namespace caisson::image
