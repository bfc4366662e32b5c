// container prune.
#include <algorithm>
#include <cstdio>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/container_prune.h"
#include "cli/image_json.h"
#include "cli/question.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/disk_usage.h"
#include "engine/lifecycle.h"

namespace caisson::cli {

namespace {

struct PruneOptions {
  bool force = false;
  std::vector<ImageFilter> filters;
};

const Option<PruneOptions> kOptions[] = {
    {{"force", 'f', {}, {}, "Do not ask"},
     [](PruneOptions& options, const Use& use) -> Result<> { return options.force = use.value == "true", Result<>(); }},
    {{"filter", 0, "KEY=VALUE", {}, "until=MOMENT, label=NAME[=VALUE], label!=NAME[=VALUE]", true},
     [](PruneOptions& options, const Use& use) -> Result<> {
       return options.filters.push_back(TRY(read_prune_filter(use.value))), Result<>();
     }},
};

bool passes(const std::vector<ImageFilter>& filters, const engine::Record& record) {
  return std::ranges::all_of(filters, [&](const ImageFilter& filter) {
    if (filter.kind == ImageFilter::Kind::kUntil) return record.created_ns < filter.moment_ns;
    const Cut wanted = cut(filter.value, '=');
    const auto label = record.labels.find(std::string(wanted.head));
    const bool has = label != record.labels.end() && (!wanted.tail || label->second == *wanted.tail);
    return has == (filter.kind == ImageFilter::Kind::kLabel);
  });
}

}  // namespace

Result<ImageFilter> read_prune_filter(std::string_view text) {
  ImageFilter filter = TRY(read_image_filter(text));
  using Kind = ImageFilter::Kind;
  if (filter.kind == Kind::kUntil || filter.kind == Kind::kLabel || filter.kind == Kind::kNotLabel) return filter;
  return fail(complaint(fmt::format("'{}' is no filter for what is pruned: until, label and label! are", text)));
}

Result<PrunedContainers> prune_containers(const Command& command, const std::vector<ImageFilter>& filters) {
  engine::Listing listing = TRY(engine::list_containers(command.places));
  for (const std::string& damaged : listing.damaged) command.log.warning(damaged);
  std::erase_if(listing.containers, [&](const engine::Container& container) {
    return container.live || container.record.pod.is_infra || !passes(filters, container.record);
  });
  std::vector<std::string> paths;
  for (const engine::Container& container : listing.containers)
    paths.push_back(command.places.container(container.record.id));
  const auto bytes = paths.empty() ? std::map<std::string, std::int64_t>() : TRY(engine::bytes_of_each(paths));
  PrunedContainers pruned;
  for (const engine::Container& container : listing.containers) {
    const std::string& id = container.record.id;
    const Result<> removed = engine::remove(command.places, container, engine::Force::kNo, command.log);
    if (!removed) {
      command.log.warning(fmt::format("container {} stays: {}", short_id(id), removed.error().text()));
      continue;
    }
    pruned.ids.push_back(id);
    pruned.bytes += bytes.at(command.places.container(id));
  }
  return pruned;
}

Manual container_prune_manual() {
  return {"[OPTION…]", "Removes containers that have ended, or were never started.", spellings(kOptions)};
}

int verb_container_prune(const Command& command) {
  PruneOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (!parsed->operands.empty())
    return refuse(command, complaint(fmt::format("'{}' is too much: prune takes options alone", parsed->operands[0])));
  if (!options.force && !agreed_to("WARNING! This will remove all stopped containers.\n")) return 0;
  engine::sweep(command.places, command.log);
  const Result<PrunedContainers> pruned = prune_containers(command, options.filters);
  if (!pruned) return refuse(command, pruned.error());
  if (!pruned->ids.empty()) std::puts("Deleted Containers:");
  for (const std::string& id : pruned->ids) std::puts(id.c_str());
  if (!pruned->ids.empty()) std::puts("");
  std::printf("Total reclaimed space: %s\n", decimal_bytes(pruned->bytes).c_str());
  return 0;
}

}  // namespace caisson::cli
