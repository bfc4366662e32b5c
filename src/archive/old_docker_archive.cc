// What `docker save` wrote before Docker 1.10: repositories, which says what the uppermost layers of images are called,
// and for each layer a directory with its archive and a file json, which names the layer below. There is no config: the
// uppermost layer's json becomes one, without what it says of itself as a layer.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "archive/archive_file.h"
#include "archive/docker_image.h"
#include "archive/openers.h"
#include "base/text.h"
#include "image/digest_name.h"
#include "image/document.h"
#include "image/limits.h"
#include "image/quoted.h"
#include "image/reference.h"
#include "spec/fields.h"

namespace caisson::archive {

namespace {

using image::Json;

constexpr const char* kRepositories = "repositories";
constexpr std::size_t kMostLayers = 127;  // as many as Docker made
constexpr std::size_t kMostImages = 1024;
constexpr std::array kOfTheLayer = {"id",       "parent",    "Size",      "parent_id",
                                    "layer_id", "throwaway", "container", "container_config"};

struct Tagged {
  std::string id;  // of the uppermost layer
  std::vector<std::string> tags;
};

Result<std::vector<Tagged>> read_repositories(const Files& files) {
  const std::string text = TRY(read_whole(files, kRepositories, image::kManifestBytes));
  const spec::Document document = TRY(image::parse_document(text, kRepositories, image::kManifestBytes));
  spec::Findings findings;
  std::vector<Tagged> images;
  std::map<std::string, std::map<std::string, std::string>> names;
  if (!document.IsObject()) return fail(spec::as_error({{"", "wrong type: an object is expected"}}, kRepositories));
  spec::Fields fields(document, spec::Place(""), findings);
  for (const auto& member : document.GetObject()) {
    const std::string name(member.name.GetString(), member.name.GetStringLength());
    fields.read(name, names[name]);
  }
  if (!findings.errors.empty()) return fail(spec::as_error(findings.errors, kRepositories));
  for (const auto& [name, tags] : names) {
    for (const auto& [tag, id] : tags) {
      const image::Reference reference = TRY_IN(kRepositories, image::parse_reference(name + ":" + tag));
      if (!image::is_whole_id(id)) return fail(in(kRepositories, complaint(image::quoted_name(id) + " is no id")));
      auto known = std::ranges::find(images, id, &Tagged::id);
      if (known == images.end()) known = images.insert(images.end(), {.id = id, .tags = {}});
      known->tags.push_back(reference.text());
    }
  }
  if (images.empty()) return fail(complaint("there is no image in it"));
  if (images.size() > kMostImages)
    return fail(complaint(fmt::format("there are more than {} images in it", kMostImages)));
  return images;
}

// The json of a layer.
Result<Json> read_layer(const Files& files, const std::string& id) {
  const std::string name = id + "/json";
  const std::string text = TRY(read_whole(files, name, image::kConfigBytes));
  (void)TRY(image::parse_document(text, name, image::kConfigBytes));
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return fail(in(name, complaint("wrong type: an object is expected")));
  return json;
}

std::string text_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Json history_of(const Json& layer) {
  Json entry = Json::object();
  for (const char* key : {"created", "author", "comment"}) {
    if (const std::string text = text_in(layer, key); !text.empty()) entry[key] = text;
  }
  const Json command = layer.value(Json::json_pointer("/container_config/Cmd"), Json());
  if (!command.is_array()) return entry;
  std::vector<std::string> words;
  for (const Json& word : command) {
    if (word.is_string()) words.push_back(word.get<std::string>());
  }
  entry["created_by"] = join(words, " ");
  return entry;
}

// The digest of the archive in a layer's file.
Result<std::string> diff_id_of(const Files& files, const std::string& id, const std::string& spool) {
  const Extent extent = TRY(require(files, id + "/layer.tar"));
  if (TRY(compression_of(extent)) == image::Compression::kNone) return digest_of(extent);
  return digest_of(TRY(decompressed(extent, spool)));
}

struct Chain {
  Json config;
  std::vector<std::string> layers;  // files, the lowest first
};

Result<Chain> read_chain(const Files& files, const std::string& top, const std::string& spool,
                         std::map<std::string, std::string>& diff_ids) {
  Chain chain;
  Json history = Json::array(), layers = Json::array();
  for (std::string id = top; !id.empty();) {
    if (!image::is_whole_id(id)) return fail(complaint(image::quoted_name(id) + " is no id of a layer"));
    if (chain.layers.size() == kMostLayers)
      return fail(complaint(fmt::format("it has more than {} layers", kMostLayers)));
    Json layer = TRY(read_layer(files, id));
    if (!diff_ids.contains(id)) diff_ids[id] = TRY(diff_id_of(files, id, spool));
    chain.layers.push_back(id + "/layer.tar");
    history.push_back(history_of(layer));
    layers.push_back(diff_ids[id]);
    id = text_in(layer, "parent");
    if (chain.layers.size() == 1) chain.config = std::move(layer);
  }
  std::ranges::reverse(chain.layers);
  std::ranges::reverse(history);
  std::ranges::reverse(layers);
  for (const char* key : kOfTheLayer) chain.config.erase(key);
  chain.config["history"] = std::move(history);
  chain.config["rootfs"] = {{"type", "layers"}, {"diff_ids", std::move(layers)}};
  return chain;
}

}  // namespace

Result<std::vector<ContainedImage>> images_of_old_docker_archive(const std::shared_ptr<const Files>& files,
                                                                 const image::ImageSource& source,
                                                                 const std::string& spool) {
  std::vector<Tagged> images = TRY(read_repositories(*files));
  if (!source.name.empty()) {
    const std::string name = source.reference.text();
    std::vector<std::string> there;
    for (const Tagged& image : images) there.insert(there.end(), image.tags.begin(), image.tags.end());
    std::erase_if(images, [&](const Tagged& image) { return std::ranges::find(image.tags, name) == image.tags.end(); });
    if (images.empty()) return fail(no_such_name(source.name, there));
    images.front().tags = {name};
  }
  LayerBlobs blobs(*files, spool);
  std::map<std::string, std::string> diff_ids;
  std::vector<ContainedImage> contained;
  for (Tagged& image : images) {
    const Chain chain = TRY_IN(image.id, read_chain(*files, image.id, spool, diff_ids));
    const std::string config = image::document_text(chain.config);
    FilesSource::Parts parts = TRY(
        docker_image(files, {.shown = image.id + "/json", .bytes = config, .extent = TRY(spooled_text(config, spool))},
                     chain.layers, blobs));
    parts.text = images.size() == 1 ? source.text() : text_of(source, image.tags);
    contained.push_back({.names = std::move(image.tags), .source = std::make_shared<FilesSource>(std::move(parts))});
  }
  return contained;
}

}  // namespace caisson::archive
