#include <algorithm>
#include <cstdio>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/image_json.h"
#include "cli/template.h"
#include "command_line/options.h"
#include "image/digest_name.h"

namespace caisson::cli {

namespace {

struct TreeOptions {};
const std::vector<Option<TreeOptions>> kOptions;

std::string shown(const engine::ListedImage& listed) {
  return listed.image.names.empty() ? image::short_digest(listed.image.id()) : join(familiar_names(listed), ", ");
}

// A layer is the same as another if it and all below it are: the DiffIDs up to it.
std::string key_of(const engine::ListedImage& listed, std::size_t layer) {
  const auto& ids = listed.config.diff_ids;
  return join({ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(layer) + 1}, " ");
}

using Sharers = std::map<std::string, std::vector<const engine::ListedImage*>>;

std::string text_of(const engine::ListedImage& listed, const Sharers& sharers) {
  const std::size_t count = listed.config.diff_ids.size();
  std::string text = fmt::format("{}  {}  {} layer{}, {}\n", shown(listed), image::short_digest(listed.image.id()),
                                 count, count == 1 ? "" : "s", decimal_bytes(listed.size_bytes));
  std::vector<std::vector<std::string>> lines;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::string> others;
    for (const engine::ListedImage* other : sharers.at(key_of(listed, i))) {
      if (other->image.id() != listed.image.id()) others.push_back(shown(*other));
    }
    std::vector<std::string>& line = lines.emplace_back();
    line = {std::string(i + 1 == count ? "└─ " : "├─ ") + image::short_digest(listed.config.diff_ids[i]),
            decimal_bytes(listed.image.manifest.layers[i].size)};
    if (!others.empty()) line.push_back("also in " + join(others, ", "));
  }
  return text + align(lines);
}

}  // namespace

Manual image_tree_manual() {
  return {"[IMAGE…]",
          "Shows the layers of images, the lowest first, what they take as they are stored, and which other "
          "images have them.",
          spellings(kOptions)};
}

int verb_image_tree(const Command& command) {
  TreeOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  const Result<engine::ImageListing> listing = engine::list_images(command.places);
  if (!listing) return refuse(command, listing.error());
  for (const std::string& problem : listing->problems) command.log.warning(problem);
  Sharers sharers;
  for (const engine::ListedImage& listed : listing->images) {
    for (std::size_t i = 0; i < listed.config.diff_ids.size(); ++i) sharers[key_of(listed, i)].push_back(&listed);
  }
  if (parsed->operands.empty()) {
    for (const engine::ListedImage& listed : listing->images) std::fputs(text_of(listed, sharers).c_str(), stdout);
    return 0;
  }
  int status = 0;
  for (const std::string& name : parsed->operands) {
    const Result<engine::ListedImage> found = engine::find_image(command.places, name);
    if (found) {
      for (std::size_t i = 0; i < found->config.diff_ids.size(); ++i) sharers[key_of(*found, i)];
      std::fputs(text_of(*found, sharers).c_str(), stdout);
    } else {
      refuse(command, found.error());
      status = 1;
    }
  }
  return status;
}

}  // namespace caisson::cli
