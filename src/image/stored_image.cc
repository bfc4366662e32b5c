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
constexpr std::string_view kHub = "docker.io";
constexpr std::string_view kLocal = "localhost";

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

Result<std::optional<StoreEntry>> entry_of(const ImageStore& store, const Reference& reference) {
  std::optional<StoreEntry> entry = TRY(entry_named(store, reference.text()));
  if (!entry && !reference.digest.empty()) entry = TRY(entry_with_digest(store, reference));
  return entry;
}

Reference below(std::string_view registry, std::string_view text) {
  // What can be read without a registry can be read with one.
  return with_default_tag(parse_reference(fmt::format("{}/{}", registry, text)).value_or(Reference()));
}

// The entries that whichever registry has by the short name `text`.
Result<std::vector<StoreEntry>> entries_below_any(const ImageStore& store, std::string_view text) {
  const Reference hub = below(kHub, text);
  const Reference other = below(kLocal, text);
  const StoreIndex index = TRY(other.digest.empty() ? store.index_ending(other.text().substr(other.domain.size()))
                                                    : store.index_about(other.digest));
  std::vector<StoreEntry> entries;
  for (const StoreEntry& entry : index.entries) {
    const Result<Reference> name = parse_reference(entry.name);
    if (!name || name->path != (name->domain == kHub ? hub : other).path) continue;
    const bool is_it =
        other.digest.empty() ? name->tag == other.tag && name->digest.empty() : entry.descriptor.digest == other.digest;
    if (is_it) entries.push_back(entry);
  }
  return entries;
}

bool is_clear(const std::vector<StoreEntry>& entries) {
  if (entries.size() != 1) return false;
  const Result<Reference> name = parse_reference(entries[0].name);
  return name && (name->domain == kHub || name->domain == kLocal);
}

Result<std::optional<StoreEntry>> first_entry(const ImageStore& store, std::string_view text,
                                              const ShortNames& short_names) {
  const std::vector<Reference> in_order =
      short_names ? TRY(short_names(std::string(text))) : std::vector{below(kHub, text), below(kLocal, text)};
  for (const Reference& reference : in_order) {
    if (auto entry = TRY(entry_of(store, reference))) return entry;
  }
  return std::nullopt;
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
                                              const std::vector<Platform>& fitting, const ShortNames& short_names) {
  const auto image_of = [&](const StoreEntry& entry) -> Result<std::optional<StoredImage>> {
    auto image = TRY(image_at(store, TRY(store.index_about(entry.descriptor.digest)), entry, fitting));
    // By a digest it may have been found under another name.
    if (image && cut_reference(text).digest == cut_reference(entry.name).digest) image->meant = entry.name;
    return image;
  };
  const Result<Reference> reference = parse_reference(text);
  const bool is_short = reference && is_short_name(text);
  std::optional<StoreEntry> entry;
  std::vector<StoreEntry> rivals;
  if (is_short) {
    rivals = TRY(entries_below_any(store, text));
    if (is_clear(rivals)) {
      entry = rivals[0];
    } else if (!rivals.empty()) {
      entry = TRY(first_entry(store, text, short_names));
    }
  } else if (reference) {
    entry = TRY(entry_of(store, with_default_tag(*reference)));
  }
  if (!entry) entry = TRY(entry_named(store, text));  // as another tool has written it
  if (entry) return image_of(*entry);
  if (const std::optional<std::string_view> digits = id_prefix(text)) {
    auto image = TRY(by_id(store, TRY(store.index()), *digits, fitting));
    if (image) return image;
  }
  if (is_short && rivals.empty()) entry = TRY(first_entry(store, text, short_names));
  return entry ? image_of(*entry) : Result<std::optional<StoredImage>>(std::nullopt);
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
