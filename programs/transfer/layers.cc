#include "image/apply_layers.h"
#include "verbs.h"

namespace caisson::transfer {

namespace {

using command_line::Option;

using LayersWords = Words<image::ImageLayersOptions>;

constexpr const char* kUsage =
    "usage: transfer layers --images DIR --store DIR [--uids MAP --gids MAP] [--progress] [--report] MANIFEST-DIGEST";

const Option<LayersWords> kOptions[] = {
    {{.name = "images", .argument = "DIR"}, set_text<&image::ImageLayersOptions::images>},
    {{.name = "store", .argument = "DIR"}, set_text<&image::ImageLayersOptions::store>},
    {{.name = "uids", .argument = "MAP"}, set_uids<image::ImageLayersOptions>},
    {{.name = "gids", .argument = "MAP"}, set_gids<image::ImageLayersOptions>},
    {{.name = "progress"}, set_progress<image::ImageLayersOptions>},
    {{.name = "report"}, set_report<image::ImageLayersOptions>},
};

}  // namespace

Ending layers(const std::vector<std::string>& arguments) {
  LayersWords words;
  const auto parsed = command_line::parse(kOptions, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  const bool complete = !words.options.images.empty() && !words.options.store.empty();
  if (parsed->help || parsed->operands.size() != 1 || !complete) return refused(complaint(kUsage));
  words.options.manifest = parsed->operands[0];
  return ending(image::apply_layers(words.options), words.report);
}

}  // namespace caisson::transfer
