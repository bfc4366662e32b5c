// system check: what caisson keeps, looked through.
#include <algorithm>
#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/transfer.h"
#include "engine/check_layers.h"
#include "engine/network_strays.h"

namespace caisson::cli {

namespace {

struct CheckOptions {
  bool repair = false;
};

const Option<CheckOptions> kCheckOptions[] = {
    {{"repair", 0, {}, {}, "Mend what can be: remove what is damaged, unpack anew, forget images that are not whole"},
     [](CheckOptions& options, const Use& use) -> Result<> {
       return options.repair = use.value == "true", Result<>();
     }},
};

void print_lines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) std::printf("%s\n", line.c_str());
}

Manual check_manual() {
  return {"[--repair]",
          "Reads everything in the store of images, unpacks each layer anew and compares it with the one that "
          "is there, and says what a crash or a disk error has left. Exit status 0: all is well.",
          spellings(kCheckOptions)};
}

int check(const Command& command) {
  CheckOptions options;
  const Result<Parsed> parsed = parse(kCheckOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (!parsed->operands.empty())
    return refuse(command, complaint("no operand is expected: '" + parsed->operands[0] + "'"));
  std::vector<std::string> words;
  if (options.repair) words.emplace_back("--repair");
  const Result<image::Report> images = call_transfer(command, "check", words, "looked through the store");
  if (images) print_lines(images->lines);
  const engine::Repair repair = options.repair ? engine::Repair::kYes : engine::Repair::kNo;
  const Result<engine::LayersCheck> layers = engine::check_layers(command.places, repair, command.log);
  if (layers) print_lines(layers->lines);
  int status = images ? 0 : refuse(command, images.error());
  if (!layers) return refuse(command, layers.error());
  const engine::Strays strays = options.repair ? engine::Strays::kRemove : engine::Strays::kName;
  const Result<std::vector<std::string>> networks = engine::network_strays(command.places, strays);
  if (networks) print_lines(*networks);
  if (!networks || (!networks->empty() && !options.repair)) {
    status = refuse(command, networks ? complaint("something of containers that are gone is left of their networks",
                                                  "caisson system check --repair")
                                      : networks.error());
  }
  if (layers->is_well) return status;
  return refuse(command, complaint("some layers are not as their images have them",
                                   options.repair ? "" : "caisson system check --repair"));
}

constexpr std::array kVerbs = {
    Verb{"check", "Look through the store for what a crash or a disk error has left", check, check_manual},
    Verb{"info", "Show what there is, where, and on what host", verb_info, info_manual},
    Verb{"events", "Show what happens to containers, images and volumes", verb_events, events_manual},
    Verb{"df", "Show what takes how much of the disk", verb_system_df, system_df_manual},
    Verb{"prune", "Remove containers that have ended, and images that nobody uses", verb_system_prune,
         system_prune_manual}};

}  // namespace

std::span<const Verb> system_verbs() { return kVerbs; }

}  // namespace caisson::cli
