// The image store at work, for test/system/image_store.bats.
//
//     system_image_store STORE add NAME TAR…   an image of these layers
//     system_image_store STORE list            each image: NAME… ID
//     system_image_store STORE find TEXT       the digest of its manifest, or "none"
//     system_image_store STORE remove NAME
//     system_image_store STORE prune           how many blobs were removed
//     system_image_store - read FILE           what a manifest or index is, and how much there is in it
#include <fcntl.h>

#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "image/blob_writer.h"
#include "image/digest.h"
#include "image/host_platform.h"
#include "image/manifest_kind.h"
#include "image/media_type.h"
#include "image/store_names.h"
#include "image/store_prune.h"
#include "image/stored_image.h"
#include "kernel/files.h"

namespace {

using namespace caisson;
using namespace caisson::image;

using Words = std::vector<std::string>;

Result<std::string> sha256(std::string_view text) {
  Sha256 hash = TRY(Sha256::start());
  hash.update(text);
  return hash.digest();
}

struct Added {
  Descriptor descriptor;
  BlobHold hold;
};
Result<Added> put(const ImageStore& store, std::string_view media_type, const std::string& content) {
  const std::string digest = TRY(sha256(content));
  const auto size = static_cast<std::int64_t>(content.size());
  return Added{{.media_type = std::string(media_type), .digest = digest, .size = size},
               TRY(add_blob(store, content, digest))};
}

Result<std::string> add(const std::string& path, const Words& words) {
  const ImageStore store = TRY(ImageStore::create(path));
  ImageConfig config{.platform = host_platform()};
  Manifest manifest{.media_type = std::string(media_type::kOciManifest), .config = {}, .layers = {}};
  std::vector<BlobHold> holds;
  const auto keep = [&](Added added) {
    holds.push_back(std::move(added.hold));
    return std::move(added.descriptor);
  };
  for (std::size_t i = 1; i < words.size(); ++i) {
    manifest.layers.push_back(keep(TRY(put(store, media_type::kOciLayer, TRY(kernel::read_file(words[i]))))));
    config.diff_ids.push_back(manifest.layers.back().digest);
    config.history.push_back({.created = "2024-01-01T00:00:00Z", .created_by = "add"});
  }
  config.defaults.command = {"/bin/sh"};
  manifest.config = keep(TRY(put(store, media_type::kOciConfig, write_image_config(config))));
  const Descriptor target = keep(TRY(put(store, media_type::kOciManifest, write_manifest(manifest))));
  TRY(set_name(store, words[0], target));
  return target.digest;
}

Result<std::string> list(const std::string& path) {
  const ImageList images = TRY(list_images(TRY(ImageStore::open(path)), fitting_host(host_platform())));
  std::string text;
  for (const StoredImage& image : images.images) text += join(image.names, " ") + " " + image.id() + "\n";
  for (const std::string& problem : images.problems) text += "problem: " + problem + "\n";
  return text;
}

Result<std::string> find(const std::string& path, const std::string& text) {
  const auto image = TRY(find_image(TRY(ImageStore::open(path)), text, fitting_host(host_platform())));
  if (!image) return "none";
  const ImageConfig config = TRY(read_stored_config(TRY(ImageStore::open(path)), *image));
  return fmt::format("{} {} {}", image->manifest_descriptor.digest, config.platform.text(),
                     join(config.defaults.command, " "));
}

Result<std::string> remove(const std::string& path, const std::string& name) {
  const ImageStore store = TRY(ImageStore::create(path));
  const auto removed = TRY(remove_entries(store, [&](const StoreEntry& entry) { return entry.name == name; }));
  return fmt::format("{}", removed.size());
}

Result<std::string> prune(const std::string& path) {
  return fmt::format("{}", TRY(prune_blobs(TRY(ImageStore::create(path)))).blobs);
}

Result<std::string> read(const std::string& file) {
  const ManifestOrIndex either = TRY(read_manifest_or_index(TRY(kernel::read_file(file))));
  if (const Index* index = std::get_if<Index>(&either)) {
    return fmt::format("{} {}", index->media_type, index->manifests.size());
  }
  const Manifest& manifest = std::get<Manifest>(either);
  TRY(check_is_image(manifest));
  return fmt::format("{} {}", manifest.media_type, manifest.layers.size());
}

Result<std::string> act(const std::string& store, const std::string& verb, const Words& words) {
  if (verb == "add" && !words.empty()) return add(store, words);
  if (verb == "list") return list(store);
  if (verb == "find" && words.size() == 1) return find(store, words[0]);
  if (verb == "remove" && words.size() == 1) return remove(store, words[0]);
  if (verb == "prune") return prune(store);
  if (verb == "read" && words.size() == 1) return read(words[0]);
  return fail(complaint("usage: system_image_store STORE add|list|find|remove|prune|read …"));
}

}  // namespace

int main(int argc, char** argv) {
  const Words words(argv + 1, argv + argc);
  if (words.size() < 2) return 2;
  const Result<std::string> said = act(words[0], words[1], Words(words.begin() + 2, words.end()));
  if (!said) {
    std::fprintf(stderr, "error: %s\n", said.error().text().c_str());
    return 1;
  }
  std::printf("%s%s", said->c_str(), said->ends_with('\n') || said->empty() ? "" : "\n");
  return 0;
}
