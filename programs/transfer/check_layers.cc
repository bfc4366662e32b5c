// check-layers: a store of unpacked layers, compared with the images that they are of.
#include <utility>

#include "image/check_layers.h"
#include "verbs.h"

namespace caisson::transfer {

namespace {

using command_line::Option;

struct CheckLayersOptions {
  std::string images;
  std::string store;
  bool repair = false;
};
using CheckLayersWords = Words<CheckLayersOptions>;

constexpr const char* kUsage = "usage: transfer check-layers --images DIR --store DIR [--repair] [--report]";

const Option<CheckLayersWords> kOptions[] = {
    {{.name = "images", .argument = "DIR"}, set_text<&CheckLayersOptions::images>},
    {{.name = "store", .argument = "DIR"}, set_text<&CheckLayersOptions::store>},
    {{.name = "repair"}, set_true<&CheckLayersOptions::repair>},
    {{.name = "report"}, set_report<CheckLayersOptions>},
};

}  // namespace

Ending check_layers(const std::vector<std::string>& arguments) {
  CheckLayersWords words;
  const auto parsed = command_line::parse(kOptions, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  const CheckLayersOptions& options = words.options;
  if (parsed->help || !parsed->operands.empty() || options.images.empty() || options.store.empty())
    return refused(complaint(kUsage));
  Result<image::LayersCheck> found =
      image::check_layers_in(options.images, options.store, options.repair ? image::Mend::kYes : image::Mend::kNo);
  if (!found) return ending(fail(std::move(found).error()), words.report);
  Ending ending{.report = {.warnings = {}, .digest = std::string()}, .as_report = words.report};
  ending.report.lines = std::move(found->lines);
  ending.report.damaged = std::move(found->damaged);
  if (found->unmended + ending.report.damaged.size() != 0)
    ending.report.digest = fail(complaint("some of the layers are not as their images have them"));
  return ending;
}

}  // namespace caisson::transfer
