#include "base/text.h"
#include "image/apply_layer.h"
#include "verbs.h"

namespace caisson::transfer {

namespace {

using command_line::Option;
using command_line::Use;

struct Words {
  image::LayerOptions layer;
  bool report = false;
};

constexpr const char* kUsage =
    "usage: transfer layer --store DIR --blob FILE --digest sha256:HEX --size BYTES --diff-id sha256:HEX "
    "--chain-id sha256:HEX [--lower TREE]… [--uids MAP --gids MAP] [--progress] [--report]";

template <std::string image::LayerOptions::* kField>
Result<> set_text(Words& words, const Use& use) {
  words.layer.*kField = use.value;
  return {};
}

const Option<Words> kOptions[] = {
    {{.name = "store", .argument = "DIR"}, set_text<&image::LayerOptions::store>},
    {{.name = "blob", .argument = "FILE"}, set_text<&image::LayerOptions::blob>},
    {{.name = "digest", .argument = "sha256:HEX"}, set_text<&image::LayerOptions::digest>},
    {{.name = "diff-id", .argument = "sha256:HEX"}, set_text<&image::LayerOptions::diff_id>},
    {{.name = "chain-id", .argument = "sha256:HEX"}, set_text<&image::LayerOptions::chain_id>},
    {{.name = "size", .argument = "BYTES"},
     [](Words& words, const Use& use) -> Result<> {
       const auto size = parse_unsigned(use.value);
       if (!size) return fail(complaint("not a number of bytes"));
       words.layer.size = *size;
       return {};
     }},
    {{.name = "lower", .argument = "TREE", .repeated = true},
     [](Words& words, const Use& use) -> Result<> {
       words.layer.lower.emplace_back(use.value);
       return {};
     }},
    {{.name = "uids", .argument = "MAP"},
     [](Words& words, const Use& use) -> Result<> {
       words.layer.owners.uids = TRY(image::read_owner_map(use.value));
       return {};
     }},
    {{.name = "gids", .argument = "MAP"},
     [](Words& words, const Use& use) -> Result<> {
       words.layer.owners.gids = TRY(image::read_owner_map(use.value));
       return {};
     }},
    {{.name = "progress"},
     [](Words& words, const Use& use) -> Result<> {
       words.layer.progress = use.value == "true";
       return {};
     }},
    {{.name = "report"},
     [](Words& words, const Use& use) -> Result<> {
       words.report = use.value == "true";
       return {};
     }},
};

}  // namespace

Ending layer(const std::vector<std::string>& arguments) {
  Words words;
  const auto parsed = command_line::parse(kOptions, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  const bool complete =
      !words.layer.store.empty() && !words.layer.blob.empty();  // the digests are looked at by themselves
  if (parsed->help || !parsed->operands.empty() || !complete) return refused(complaint(kUsage));
  return ending(image::apply_layer(words.layer), words.report);
}

}  // namespace caisson::transfer
