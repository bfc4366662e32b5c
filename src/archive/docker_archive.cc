// Archives as `docker save` and `podman save` write them: no manifest, but a list of images (manifest.json), each with
// a config, names, and the files of its layers, which need not be compressed. From these a manifest is made.
#include <algorithm>

#include <fmt/format.h>

#include "archive/docker_image.h"
#include "archive/files_source.h"
#include "archive/openers.h"
#include "image/document.h"
#include "image/entry_name.h"
#include "image/limits.h"
#include "image/quoted.h"
#include "image/reference.h"
#include "spec/fields.h"

namespace caisson::archive {

namespace {

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

Result<FilesSource::Parts> read_image(const std::shared_ptr<const Files>& files, const Line& line, LayerBlobs& blobs) {
  const std::string bytes = TRY(read_whole(*files, line.config, image::kConfigBytes));
  return docker_image(
      files, {.shown = image::quoted_name(line.config), .bytes = bytes, .extent = TRY(require(*files, line.config))},
      line.layers, blobs);
}

}  // namespace

Result<std::vector<ContainedImage>> images_of_docker_archive(const std::shared_ptr<const Files>& files,
                                                             const image::ImageSource& source,
                                                             const std::string& spool) {
  std::vector<Line> lines = TRY(read_list(*files));
  if (!source.name.empty()) {
    const std::string name = source.reference.text();
    std::vector<std::string> there;
    for (const Line& line : lines) there.insert(there.end(), line.tags.begin(), line.tags.end());
    std::erase_if(lines, [&](const Line& line) { return std::ranges::find(line.tags, name) == line.tags.end(); });
    if (lines.empty()) return fail(no_such_name(source.name, there));
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
