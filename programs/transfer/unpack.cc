#include "image/unpack.h"

#include "verbs.h"

namespace caisson::transfer {

namespace {

using command_line::Option;

using UnpackWords = Words<image::UnpackOptions>;

constexpr const char* kUsage =
    "usage: transfer unpack [--sha256 HEX] [--uids MAP --gids MAP] [--progress] [--report] --root STORE (FILE|-)";

const Option<UnpackWords> kOptions[] = {
    {{.name = "root", .argument = "STORE"}, set_text<&image::UnpackOptions::store>},
    {{.name = "sha256", .argument = "HEX"}, set_text<&image::UnpackOptions::sha256>},
    {{.name = "uids", .argument = "MAP"}, set_uids<image::UnpackOptions>},
    {{.name = "gids", .argument = "MAP"}, set_gids<image::UnpackOptions>},
    {{.name = "progress"}, set_progress<image::UnpackOptions>},
    {{.name = "report"}, set_report<image::UnpackOptions>},
};

}  // namespace

Ending unpack(const std::vector<std::string>& arguments) {
  UnpackWords words;
  const auto parsed = command_line::parse(kOptions, words, arguments, command_line::Order::kAnywhere);
  if (!parsed) return refused(parsed.error());
  if (parsed->help || parsed->operands.size() != 1 || words.options.store.empty()) return refused(complaint(kUsage));
  words.options.tarball = parsed->operands[0];
  Result<image::Unpacked> unpacked = image::unpack_into_store(words.options);
  return ending(std::move(unpacked), words.report);
}

}  // namespace caisson::transfer
