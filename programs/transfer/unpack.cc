#include "image/unpack.h"

#include "verbs.h"

namespace caisson::transfer {

namespace {

using command_line::Option;
using command_line::Use;

struct Words {
  image::UnpackOptions unpack;
  bool report = false;
};

constexpr const char* kUsage =
    "usage: transfer unpack [--sha256 HEX] [--uids MAP --gids MAP] [--progress] [--report] --root STORE (FILE|-)";

const Option<Words> kOptions[] = {
    {{.name = "root", .argument = "STORE"},
     [](Words& words, const Use& use) -> Result<> {
       words.unpack.store = use.value;
       return {};
     }},
    {{.name = "sha256", .argument = "HEX"},
     [](Words& words, const Use& use) -> Result<> {
       words.unpack.sha256 = use.value;
       return {};
     }},
    {{.name = "uids", .argument = "MAP"},
     [](Words& words, const Use& use) -> Result<> {
       words.unpack.owners.uids = TRY(image::read_owner_map(use.value));
       return {};
     }},
    {{.name = "gids", .argument = "MAP"},
     [](Words& words, const Use& use) -> Result<> {
       words.unpack.owners.gids = TRY(image::read_owner_map(use.value));
       return {};
     }},
    {{.name = "progress"},
     [](Words& words, const Use& use) -> Result<> {
       words.unpack.progress = use.value == "true";
       return {};
     }},
    {{.name = "report"},
     [](Words& words, const Use& use) -> Result<> {
       words.report = use.value == "true";
       return {};
     }},
};

}  // namespace

Ending unpack(const std::vector<std::string>& arguments) {
  Words words;
  const auto parsed = command_line::parse(kOptions, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  if (parsed->help || parsed->operands.size() != 1 || words.unpack.store.empty()) return refused(complaint(kUsage));
  words.unpack.tarball = parsed->operands[0];
  Result<image::Unpacked> unpacked = image::unpack_into_store(words.unpack);
  return ending(std::move(unpacked), words.report);
}

}  // namespace caisson::transfer
