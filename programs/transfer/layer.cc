#include "base/text.h"
#include "image/apply_layer.h"
#include "verbs.h"

namespace caisson::transfer {

namespace {

using command_line::Option;
using command_line::Use;

using LayerWords = Words<image::LayerOptions>;

constexpr const char* kUsage =
    "usage: transfer layer --store DIR --blob FILE --digest sha256:HEX --size BYTES --diff-id sha256:HEX "
    "--chain-id sha256:HEX [--lower TREE]… [--uids MAP --gids MAP] [--progress] [--report]";

const Option<LayerWords> kOptions[] = {
    {{.name = "store", .argument = "DIR"}, set_text<&image::LayerOptions::store>},
    {{.name = "blob", .argument = "FILE"}, set_text<&image::LayerOptions::blob>},
    {{.name = "digest", .argument = "sha256:HEX"}, set_text<&image::LayerOptions::digest>},
    {{.name = "diff-id", .argument = "sha256:HEX"}, set_text<&image::LayerOptions::diff_id>},
    {{.name = "chain-id", .argument = "sha256:HEX"}, set_text<&image::LayerOptions::chain_id>},
    {{.name = "size", .argument = "BYTES"},
     [](LayerWords& words, const Use& use) -> Result<> {
       const auto size = parse_unsigned(use.value);
       if (!size) return fail(complaint("not a number of bytes"));
       words.options.size = *size;
       return {};
     }},
    {{.name = "lower", .argument = "TREE", .repeated = true},
     [](LayerWords& words, const Use& use) -> Result<> {
       words.options.lower.emplace_back(use.value);
       return {};
     }},
    {{.name = "uids", .argument = "MAP"}, set_uids<image::LayerOptions>},
    {{.name = "gids", .argument = "MAP"}, set_gids<image::LayerOptions>},
    {{.name = "progress"}, set_progress<image::LayerOptions>},
    {{.name = "report"}, set_report<image::LayerOptions>},
};

}  // namespace

Ending layer(const std::vector<std::string>& arguments) {
  LayerWords words;
  const auto parsed = command_line::parse(kOptions, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  const bool complete =
      !words.options.store.empty() && !words.options.blob.empty();  // the digests are looked at by themselves
  if (parsed->help || !parsed->operands.empty() || !complete) return refused(complaint(kUsage));
  return ending(image::apply_layer(words.options), words.report);
}

}  // namespace caisson::transfer
