#include "image/store_names.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"
#include "image/limits.h"
#include "image/manifest.h"
#include "image/media_type.h"
#include "image/quoted.h"
#include "image/store_index.h"
#include "image/store_lock.h"

namespace caisson::image {

namespace {

// What a line of the index is about, as far as it can be read.
std::string text_in(const Json& line, std::string_view key) {
  if (!line.is_object()) return {};
  const auto found = line.find(key);
  return found != line.end() && found->is_string() ? found->get<std::string>() : std::string();
}
std::string name_in(const Json& line) {
  const auto annotations = line.is_object() ? line.find("annotations") : line.end();
  return annotations == line.end() ? std::string() : text_in(*annotations, kRefName);
}

Result<StoreEntry> read_line(const Json& line) {
  return entry_from(TRY(parse_document(document_text(line), "index.json", kManifestBytes)), spec::Place(""));
}

bool has_digest(const Json& lines, const std::string& digest) {
  return std::ranges::any_of(lines, [&](const Json& line) { return digest_in(line) == digest; });
}

// What others find of the image: `made`, which all of its lines then lead to, or what one of them does.
std::optional<Descriptor> give_stand_in(Json& lines, const std::string& digest, const std::optional<Descriptor>& made) {
  for (Json& line : lines) {
    if (digest_in(line) != digest) continue;
    Result<StoreEntry> entry = read_line(line);
    if (!entry) continue;
    if (!made && entry->stand_in) return entry->stand_in;
    if (!made || entry->stand_in == made) continue;
    entry->stand_in = made;
    line = line_of(*entry);
  }
  return made;
}

void erase_if(Json& lines, const std::function<bool(const Json&)>& is_wanted) {
  Json kept = Json::array();
  for (Json& line : lines) {
    if (!is_wanted(line)) kept.push_back(std::move(line));
  }
  lines = std::move(kept);
}

// Takes the name from the line that has it, and the line away if its image stands in another.
void clear_name(Json& lines, std::string_view name) {
  Json cleared = Json::array();
  erase_if(lines, [&](const Json& line) {
    if (name_in(line) != name) return false;
    cleared.push_back(line);
    return true;
  });
  for (Json& line : cleared) {
    if (has_digest(lines, digest_in(line))) continue;
    line["annotations"].erase(kRefName);
    if (line["annotations"].empty()) line.erase("annotations");
    lines.push_back(std::move(line));
  }
}

// Reads the index, has `change` make another of its lines, and writes that if it is another.
Result<> change_lines(const ImageStore& store, const std::function<Result<>(Json&)>& change) {
  const StoreLock lock = TRY(StoreLock::wait(store.lock_path("index"), StoreLock::Kind::kExclusive));
  Json tree = TRY(read_index_tree(store));
  Json& lines = tree["manifests"];
  const Json before = lines;
  TRY(change(lines));
  if (lines == before) return {};
  return write_index_tree(store, tree);
}

Result<> check_complete(const ImageStore& store, const Descriptor& target, const std::optional<Descriptor>& stand_in) {
  std::vector<Descriptor> missing = TRY(missing_blobs(store, target));
  if (stand_in && !store.has(*stand_in)) missing.push_back(*stand_in);
  if (missing.empty()) return {};
  std::vector<std::string> digests;
  for (const Descriptor& blob : missing) digests.push_back(blob.digest);
  return fail(complaint(fmt::format("the store lacks {}", join(digests, ", "))));
}

}  // namespace

Result<std::vector<Descriptor>> missing_blobs(const ImageStore& store, const Descriptor& target) {
  if (!store.has(target)) return std::vector{target};
  if (content_of(target.media_type) != Content::kManifest) return {};
  const std::string text = TRY(store.read_blob(target, kManifestBytes));
  const Manifest manifest = TRY_IN(target.digest, read_manifest(text, target.media_type));
  std::vector<Descriptor> missing;
  if (!store.has(manifest.config)) missing.push_back(manifest.config);
  for (const Descriptor& layer : manifest.layers) {
    if (!store.has(layer) && std::ranges::find(missing, layer.digest, &Descriptor::digest) == missing.end()) {
      missing.push_back(layer);
    }
  }
  return missing;
}

Result<> set_name(const ImageStore& store, std::string_view name, const Descriptor& target,
                  const std::optional<Descriptor>& stand_in) {
  return change_lines(store, [&](Json& lines) -> Result<> {
    TRY_IN(quoted_name(name), check_complete(store, target, stand_in));
    const Json line = line_of(
        {.name = std::string(name), .descriptor = target, .stand_in = give_stand_in(lines, target.digest, stand_in)});
    const auto has_name = [&](const Json& other) { return name_in(other) == name; };
    if (std::ranges::count_if(lines, has_name) == 1 && std::ranges::count(lines, line) == 1) return {};
    erase_if(lines, [&](const Json& other) {
      return digest_in(other) == target.digest && (name_in(other).empty() || has_name(other));
    });
    clear_name(lines, name);
    lines.push_back(line);
    return {};
  });
}

Result<> keep_unnamed(const ImageStore& store, const Descriptor& target, const std::optional<Descriptor>& stand_in) {
  return change_lines(store, [&](Json& lines) -> Result<> {
    TRY_IN(target.digest, check_complete(store, target, stand_in));
    (void)give_stand_in(lines, target.digest, stand_in);
    if (!has_digest(lines, target.digest))
      lines.push_back(line_of({.name = {}, .descriptor = target, .stand_in = stand_in}));
    return {};
  });
}

Result<bool> remove_name(const ImageStore& store, std::string_view name) {
  bool was_there = false;
  TRY(change_lines(store, [&](Json& lines) -> Result<> {
    was_there = !name.empty() && std::ranges::any_of(lines, [&](const Json& line) { return name_in(line) == name; });
    if (was_there) clear_name(lines, name);
    return {};
  }));
  return was_there;
}

Result<std::vector<StoreEntry>> remove_entries(const ImageStore& store,
                                               const std::function<bool(const StoreEntry&)>& is_wanted) {
  std::vector<StoreEntry> removed;
  TRY(change_lines(store, [&](Json& lines) -> Result<> {
    erase_if(lines, [&](const Json& line) {
      const Result<StoreEntry> entry = read_line(line);
      if (!entry || !is_wanted(*entry)) return false;
      removed.push_back(*entry);
      return true;
    });
    return {};
  }));
  return removed;
}

Result<std::vector<std::string>> remove_unreadable(const ImageStore& store) {
  std::vector<std::string> removed;
  TRY(change_lines(store, [&](Json& lines) -> Result<> {
    erase_if(lines, [&](const Json& line) {
      const Result<StoreEntry> entry = read_line(line);
      if (!entry) removed.push_back(entry.error().text());
      return !entry;
    });
    return {};
  }));
  return removed;
}

Result<> set_index_aside(const ImageStore& store) {
  const StoreLock lock = TRY(StoreLock::wait(store.lock_path("index"), StoreLock::Kind::kExclusive));
  if (read_index_tree(store)) return {};  // another mended it meanwhile
  const std::string path = store.path() + "/index.json";
  if (::rename(path.c_str(), (path + ".damaged").c_str()) != 0) return fail(os_error("rename", path));
  return write_index_tree(store, empty_index());
}

}  // namespace caisson::image
