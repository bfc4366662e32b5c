// volume prune.
#include <algorithm>
#include <cstdio>
#include <map>

#include <fmt/format.h>

#include "cli/image_json.h"
#include "cli/question.h"
#include "cli/volume_prune.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/disk_usage.h"

namespace caisson::cli {

namespace {

struct PruneOptions {
  bool all = false;
  bool force = false;
  std::vector<VolumeFilter> filters;
};

const Option<PruneOptions> kOptions[] = {
    {{"all", 'a', {}, {}, "Named volumes too, not only those that were made for a container"},
     [](PruneOptions& options, const Use& use) -> Result<> { return options.all = use.value == "true", Result<>(); }},
    {{"force", 'f', {}, {}, "Do not ask"},
     [](PruneOptions& options, const Use& use) -> Result<> { return options.force = use.value == "true", Result<>(); }},
    {{"filter", 0, "KEY=VALUE", {}, "label=NAME[=VALUE], label!=NAME[=VALUE], until=MOMENT, all=true", true},
     [](PruneOptions& options, const Use& use) -> Result<> {
       const VolumeFilter filter = TRY(read_volume_filter(use.value));
       if (filter.kind == VolumeFilter::Kind::kAll) return options.all = filter.value == "true", Result<>();
       options.filters.push_back(filter);
       return {};
     }},
};

}  // namespace

Result<PrunedVolumes> prune_volumes(const Command& command, PruneVolumes which,
                                    const std::vector<VolumeFilter>& filters) {
  engine::VolumeListing listing = TRY(engine::list_volumes(command.places));
  for (const std::string& damaged : listing.damaged) command.log.warning(damaged);
  const engine::VolumeUses uses = TRY(engine::volume_uses(command.places));
  std::erase_if(listing.volumes, [&](const engine::Volume& volume) {
    return uses.contains(volume.record.name) || (which == PruneVolumes::kAnonymous && !volume.record.anonymous) ||
           !passes(filters, volume, false);
  });
  std::vector<std::string> paths;
  for (const engine::Volume& volume : listing.volumes) paths.push_back(volume.data);
  const auto bytes = paths.empty() ? std::map<std::string, std::int64_t>() : TRY(engine::bytes_of_each(paths));
  PrunedVolumes pruned;
  for (const engine::Volume& volume : listing.volumes) {
    const Result<> removed = engine::remove_volume(command.places, volume.record.name);
    if (!removed) {
      command.log.warning(fmt::format("volume {} stays: {}", volume.record.name, removed.error().text()));
      continue;
    }
    pruned.names.push_back(volume.record.name);
    pruned.bytes += bytes.at(volume.data);
  }
  return pruned;
}

Manual volume_prune_manual() {
  return {"[OPTION…]", "Removes volumes that no container uses: those that were made for a container, or all.",
          spellings(kOptions)};
}

int verb_volume_prune(const Command& command) {
  PruneOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (!parsed->operands.empty())
    return refuse(command, complaint(fmt::format("'{}' is too much: prune takes options alone", parsed->operands[0])));
  const std::string warning = fmt::format("WARNING! This will remove {} that no container uses.\n",
                                          options.all ? "all volumes" : "anonymous volumes");
  if (!options.force && !agreed_to(warning)) return 0;
  engine::sweep(command.places, command.log);
  const Result<PrunedVolumes> pruned =
      prune_volumes(command, options.all ? PruneVolumes::kAll : PruneVolumes::kAnonymous, options.filters);
  if (!pruned) return refuse(command, pruned.error());
  if (!pruned->names.empty()) std::puts("Deleted Volumes:");
  for (const std::string& name : pruned->names) std::puts(name.c_str());
  if (!pruned->names.empty()) std::puts("");
  std::printf("Total reclaimed space: %s\n", decimal_bytes(pruned->bytes).c_str());
  return 0;
}

}  // namespace caisson::cli
