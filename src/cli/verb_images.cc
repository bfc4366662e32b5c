// images, which is `image ls`.
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/image_filter.h"
#include "cli/image_json.h"
#include "cli/template.h"
#include "command_line/options.h"
#include "image/manifest.h"
#include "image/reference.h"

namespace caisson::cli {

namespace {

struct ImagesOptions {
  bool quiet = false;
  bool whole = false;
  bool digests = false;
  std::string format;
  std::vector<ImageFilter> filters;
};

const Option<ImagesOptions> kOptions[] = {
    {{"quiet", 'q', {}, {}, "Ids alone"},
     [](ImagesOptions& options, const Use& use) -> Result<> {
       return options.quiet = use.value == "true", Result<>();
     }},
    {{"no-trunc", 0, {}, {}, "Ids in full length"},
     [](ImagesOptions& options, const Use& use) -> Result<> {
       return options.whole = use.value == "true", Result<>();
     }},
    {{"digests", 0, {}, {}, "Digests of manifests too"},
     [](ImagesOptions& options, const Use& use) -> Result<> {
       return options.digests = use.value == "true", Result<>();
     }},
    {{"format", 0, "FORMAT", {}, "json, a template ('{{.Repository}}:{{.Tag}}'), or 'table TEMPLATE'"},
     [](ImagesOptions& options, const Use& use) -> Result<> {
       return options.format = std::string(use.value), Result<>();
     }},
    {{"filter",
      'f',
      "KEY=VALUE",
      {},
      "dangling=BOOL, label=NAME[=VALUE], label!=…, reference=PATTERN, until=MOMENT",
      true},
     [](ImagesOptions& options, const Use& use) -> Result<> {
       options.filters.push_back(TRY(read_image_filter(use.value)));
       return {};
     }},
    {{"all", 'a', {}, {}, "As docker's, for images that a build has left on its way: there are none here"},
     [](ImagesOptions&, const Use&) -> Result<> { return {}; }},
};

Columns columns(bool digests) {
  Columns columns{.table = {"Repository", "Tag", "ID", "CreatedSince", "Size"},
                  .headings = {{"ID", "IMAGE ID"}, {"CreatedSince", "CREATED"}}};
  if (digests) columns.table.insert(columns.table.begin() + 2, "Digest");
  return columns;
}

}  // namespace

Manual images_manual() {
  return {"[OPTION…] [NAME[:TAG]]",
          "Lists images. SIZE is that of the unpacked layers; of what is stored, before they are unpacked.",
          spellings(kOptions)};
}

int verb_images(const Command& command) {
  ImagesOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.size() > 1)
    return refuse(command, complaint(fmt::format("'{}' is too much: one name is enough", parsed->operands[1])));
  if (!parsed->operands.empty())
    options.filters.push_back({.kind = ImageFilter::Kind::kReference, .value = parsed->operands[0]});
  const Result<Format> format = Format::read(options.quiet ? "{{.ID}}" : options.format);
  if (!format) return refuse(command, format.error());
  const Result<engine::ImageListing> listing = engine::list_images(command.places);
  if (!listing) return refuse(command, listing.error());
  for (const std::string& problem : listing->problems) command.log.warning(problem);

  std::vector<ListedRow> rows;
  for (const engine::ListedImage& listed : listing->images) {
    if (!image::check_is_image(listed.image.manifest) || !passes(options.filters, listed)) continue;
    for (nlohmann::ordered_json& row : image_rows(matching_names(options.filters, listed), options.whole))
      rows.push_back({std::move(row), listed.config.defaults.labels});
  }
  const Result<std::string> text = format->rows(rows, columns(options.digests));
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

}  // namespace caisson::cli
