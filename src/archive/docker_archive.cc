// Archives as `docker save` and `podman save` write them: no manifest, but a list of images (manifest.json), each with
// a config, names, and the files of its layers, which need not be compressed. From these a manifest is made.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "archive/archive_file.h"
#include "archive/files_source.h"
#include "archive/openers.h"
#include "base/text.h"
#include "image/descriptor_json.h"
#include "image/digest.h"
#include "image/document.h"
#include "image/entry_name.h"
#include "image/image_config.h"
#include "image/limits.h"
#include "image/manifest.h"
#include "image/media_type.h"
#include "image/quoted.h"
#include "image/reference.h"
#include "spec/fields.h"

namespace caisson::archive {

namespace {

using image::Compression;
using image::Descriptor;

constexpr const char* kList = "manifest.json";
constexpr std::size_t kMostImages = 1024;

// A line of manifest.json.
struct Line {
  std::string config;
  std::vector<std::string> tags;  // whole references
  std::vector<std::string> layers;
};

void normalise(std::vector<std::string>& names, const spec::Place& place, spec::Findings& findings) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    Result<std::string> name = image::normal_name(names[i]);
    if (name) {
      names[i] = *std::move(name);
    } else {
      findings.errors.push_back({spec::Place(place, i).pointer(), name.error().operand});
    }
  }
}

void complete(std::vector<std::string>& tags, const spec::Place& place, spec::Findings& findings) {
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const Result<image::Reference> reference = image::parse_reference(tags[i]);
    if (reference) {
      tags[i] = image::with_default_tag(*reference).text();
    } else {
      findings.errors.push_back({spec::Place(place, i).pointer(), reference.error().operand});
    }
  }
}

Line read_line(const spec::Json& value, const spec::Place& place, spec::Findings& findings) {
  spec::Fields fields(value, place, findings);
  Line line;
  std::vector<std::string> config(1);
  fields.require("Config", config[0]);
  if (!config[0].empty()) normalise(config, spec::Place(place, "Config"), findings);
  line.config = config[0];
  fields.read("RepoTags", line.tags);
  complete(line.tags, spec::Place(place, "RepoTags"), findings);
  fields.read("Layers", line.layers);
  normalise(line.layers, spec::Place(place, "Layers"), findings);
  return line;
}

Result<std::vector<Line>> read_list(const Files& files) {
  const std::string text = TRY(read_whole(files, kList, image::kManifestBytes));
  const spec::Document document = TRY(image::parse_document(text, kList, image::kManifestBytes));
  spec::Findings findings;
  std::vector<Line> lines;
  if (!document.IsArray()) return fail(spec::as_error({{"", "wrong type: a list is expected"}}, kList));
  if (document.Size() > kMostImages)
    return fail(complaint(fmt::format("there are more than {} images in it", kMostImages)));
  const spec::Place list("");
  std::size_t i = 0;
  for (const spec::Json& value : document.GetArray())
    lines.push_back(read_line(value, spec::Place(list, i++), findings));
  if (!findings.errors.empty()) return fail(spec::as_error(findings.errors, kList));
  if (lines.empty()) return fail(complaint("there is no image in it"));
  return lines;
}

// The layers of an archive as blobs: what is stored is hashed, and what no registry takes is decompressed, once,
// however many images have it.
class LayerBlobs {
 public:
  LayerBlobs(const Files& files, std::string spool) : files_(files), spool_(std::move(spool)) {}

  struct Blob {
    Descriptor descriptor;
    Extent extent;
  };

  Result<Blob> get(const std::string& name, const std::string& diff_id) {
    const Extent extent = TRY(require(files_, name));
    const auto blob = [&](std::string_view media_type, std::string digest, const Extent& content) {
      return Blob{{.media_type = std::string(media_type), .digest = std::move(digest), .size = content.size}, content};
    };
    const Compression compression = TRY_IN(image::quoted_name(name), archive::compression_of(extent));
    switch (compression) {
      case Compression::kNone: return blob(image::media_type::kOciLayer, diff_id, extent);
      case Compression::kGzip: return blob(image::media_type::kOciLayerGzip, TRY(digest_of_stored(extent)), extent);
      case Compression::kZstd: return blob(image::media_type::kOciLayerZstd, TRY(digest_of_stored(extent)), extent);
      case Compression::kXz:
      case Compression::kBzip2: break;
    }
    const auto known = content_.find(extent.offset);
    if (known != content_.end()) return blob(image::media_type::kOciLayer, diff_id, known->second);
    const Extent content = TRY_IN(image::quoted_name(name), decompressed(extent, spool_));
    content_.emplace(extent.offset, content);
    return blob(image::media_type::kOciLayer, diff_id, content);
  }

 private:
  Result<std::string> digest_of_stored(const Extent& extent) {
    std::string& digest = stored_[extent.offset];
    if (digest.empty()) digest = TRY(archive::digest_of(extent));
    return digest;
  }

  const Files& files_;
  std::string spool_;
  std::map<std::int64_t, std::string> stored_;  // by offset in the archive
  std::map<std::int64_t, Extent> content_;
};

Result<FilesSource::Parts> read_image(const std::shared_ptr<const Files>& files, const Line& line, LayerBlobs& blobs) {
  const std::string bytes = TRY(read_whole(*files, line.config, image::kConfigBytes));
  const image::ImageConfig config = TRY_IN(image::quoted_name(line.config), image::read_image_config(bytes));
  const std::string id = TRY(image::digest_of(bytes));
  if (line.layers.size() != config.diff_ids.size()) {
    return fail(
        in(image::quoted_name(line.config), complaint(fmt::format("it tells of {} layers, and {} has {} for it",
                                                                  config.diff_ids.size(), kList, line.layers.size()))));
  }
  FilesSource::Parts parts{.files = files, .text = {}, .top = {}, .document_name = {}, .blob_name = {}};
  image::Manifest manifest{.media_type = std::string(image::media_type::kOciManifest),
                           .config = {.media_type = std::string(image::media_type::kOciConfig),
                                      .digest = id,
                                      .size = static_cast<std::int64_t>(bytes.size())},
                           .layers = {}};
  parts.extents.emplace(id, TRY(require(*files, line.config)));
  for (std::size_t i = 0; i < line.layers.size(); ++i) {
    LayerBlobs::Blob blob = TRY(blobs.get(line.layers[i], config.diff_ids[i]));
    parts.extents.emplace(blob.descriptor.digest, std::move(blob.extent));
    manifest.layers.push_back(std::move(blob.descriptor));
  }
  transport::Document top{.bytes = image::write_manifest(manifest), .media_type = manifest.media_type};
  if (top.bytes.size() > image::kManifestBytes) return fail(complaint("it has more layers than a manifest can hold"));
  parts.top = [top = std::move(top)] { return Result<transport::Document>(top); };
  parts.document_name = parts.blob_name = [](const std::string& digest) { return digest; };  // there are no others
  return parts;
}

}  // namespace

Result<std::vector<ContainedImage>> images_of_docker_archive(const std::shared_ptr<const Files>& files,
                                                             const image::ImageSource& source,
                                                             const std::string& spool) {
  std::vector<Line> lines = TRY(read_list(*files));
  if (!source.name.empty()) {
    const std::string name = source.reference.text();
    const auto without = std::ranges::remove_if(
        lines, [&](const Line& line) { return std::ranges::find(line.tags, name) == line.tags.end(); });
    if (without.begin() == lines.begin()) {
      std::vector<std::string> names;
      for (const Line& line : lines) names.insert(names.end(), line.tags.begin(), line.tags.end());
      return fail(no_such_name(source.name, names));
    }
    lines.erase(without.begin(), without.end());
    for (Line& line : lines) line.tags = {name};
  }
  LayerBlobs blobs(*files, spool);
  std::vector<ContainedImage> images;
  for (Line& line : lines) {
    FilesSource::Parts parts = TRY(read_image(files, line, blobs));
    parts.text = lines.size() == 1 ? source.text() : text_of(source, line.tags);
    images.push_back({.names = std::move(line.tags), .source = std::make_shared<FilesSource>(std::move(parts))});
  }
  return images;
}

}  // namespace caisson::archive
