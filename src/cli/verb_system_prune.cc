// system prune: containers that do not run, and images that nobody uses.
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "cli/container_prune.h"
#include "cli/image_json.h"
#include "cli/question.h"
#include "cli/volume_prune.h"
#include "command_line/options.h"
#include "engine/conclude.h"

namespace caisson::cli {

namespace {

struct PruneOptions {
  bool all = false;
  bool force = false;
  bool volumes = false;
  std::vector<ImageFilter> filters;
};

const Option<PruneOptions> kOptions[] = {
    {{"all", 'a', {}, {}, "Images with names too, and what was unpacked from tarballs"},
     [](PruneOptions& options, const Use& use) -> Result<> { return options.all = use.value == "true", Result<>(); }},
    {{"force", 'f', {}, {}, "Do not ask"},
     [](PruneOptions& options, const Use& use) -> Result<> { return options.force = use.value == "true", Result<>(); }},
    {{"filter", 0, "KEY=VALUE", {}, "until=MOMENT, label=NAME[=VALUE], label!=NAME[=VALUE]", true},
     [](PruneOptions& options, const Use& use) -> Result<> {
       return options.filters.push_back(TRY(read_prune_filter(use.value))), Result<>();
     }},
    {{"volumes", 0, {}, {}, "Volumes too that were made for a container, and that none uses"},
     [](PruneOptions& options, const Use& use) -> Result<> {
       return options.volumes = use.value == "true", Result<>();
     }},
};

bool agreed(const PruneOptions& options) {
  std::string warning = "WARNING! This will remove:\n  - all stopped containers\n";
  warning += options.all ? "  - all images without at least one container associated to them\n"
                         : "  - all images without a name and without a container\n";
  if (options.volumes) warning += "  - all anonymous volumes not used by at least one container\n";
  for (const ImageFilter& filter : options.filters) {
    const char* kind = filter.kind == ImageFilter::Kind::kUntil   ? "until="
                       : filter.kind == ImageFilter::Kind::kLabel ? "label="
                                                                  : "label!=";
    warning += fmt::format("  - of these, the ones that {}{} lets through\n", kind, filter.value);
  }
  return agreed_to(warning + "\n");
}

struct Freed {
  std::vector<std::string> containers;
  engine::RemovedImages images;
  std::vector<std::string> volumes;
  std::int64_t bytes = 0;
};

std::vector<VolumeFilter> volume_filters(const std::vector<ImageFilter>& filters) {
  std::vector<VolumeFilter> same;
  for (const ImageFilter& filter : filters) {
    using Of = ImageFilter::Kind;
    using Kind = VolumeFilter::Kind;
    const Kind kind = filter.kind == Of::kUntil   ? Kind::kUntil
                      : filter.kind == Of::kLabel ? Kind::kLabel
                                                  : Kind::kNotLabel;
    same.push_back({.kind = kind, .value = filter.value, .moment_ns = filter.moment_ns});
  }
  return same;
}

Result<Freed> prune(const Command& command, const PruneOptions& options) {
  engine::sweep(command.places, command.log);
  Freed freed;
  PrunedContainers containers = TRY(prune_containers(command, options.filters));
  freed.containers = std::move(containers.ids);
  freed.bytes = containers.bytes;
  freed.images =
      TRY(engine::prune_images(command.places, options.all ? engine::PruneImages::kAll : engine::PruneImages::kUnnamed,
                               [&](const engine::ListedImage& listed) { return passes(options.filters, listed); }));
  freed.bytes += freed.images.bytes;
  if (!options.volumes) return freed;
  PrunedVolumes volumes = TRY(prune_volumes(command, PruneVolumes::kAnonymous, volume_filters(options.filters)));
  freed.bytes += volumes.bytes;
  freed.volumes = std::move(volumes.names);
  return freed;
}

void print(const Freed& freed) {
  if (!freed.containers.empty()) std::puts("Deleted Containers:");
  for (const std::string& id : freed.containers) std::puts(id.c_str());
  if (!freed.containers.empty()) std::puts("");
  if (!freed.volumes.empty()) std::puts("Deleted Volumes:");
  for (const std::string& name : freed.volumes) std::puts(name.c_str());
  if (!freed.volumes.empty()) std::puts("");
  const bool images = !freed.images.untagged.empty() || !freed.images.deleted.empty();
  if (images) std::puts("Deleted Images:");
  for (const std::string& name : freed.images.untagged) std::printf("untagged: %s\n", name.c_str());
  for (const std::string& digest : freed.images.deleted) std::printf("deleted: %s\n", digest.c_str());
  if (images) std::puts("");
  std::printf("Total reclaimed space: %s\n", decimal_bytes(freed.bytes).c_str());
}

}  // namespace

Manual system_prune_manual() {
  return {"[OPTION…]",
          "Removes containers that do not run, images without a name that no container was made from, and "
          "layers that nothing needs.",
          spellings(kOptions)};
}

int verb_system_prune(const Command& command) {
  PruneOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (!parsed->operands.empty())
    return refuse(command, complaint(fmt::format("'{}' is too much: prune takes options alone", parsed->operands[0])));
  if (!options.force && !agreed(options)) return 0;
  const Result<Freed> freed = prune(command, options);
  if (!freed) return refuse(command, freed.error());
  print(*freed);
  return 0;
}

}  // namespace caisson::cli
