// rmi, which is `image rm`; tag; image prune.
#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/image_filter.h"
#include "cli/image_json.h"
#include "cli/question.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/events.h"
#include "engine/images.h"
#include "image/reference.h"
#include "image/store_names.h"

namespace caisson::cli {

namespace {

struct RmiOptions {
  bool force = false;
};
const Option<RmiOptions> kRmiOptions[] = {
    {{"force", 'f', {}, {}, "Even if it has several names, or a container that does not run was made from it"},
     [](RmiOptions& options, const Use& use) -> Result<> { return options.force = use.value == "true", Result<>(); }},
};

const std::vector<Option<RmiOptions>> kTagOptions;

struct PruneOptions {
  bool all = false;
  bool force = false;
  std::vector<ImageFilter> filters;
};
const Option<PruneOptions> kPruneOptions[] = {
    {{"all", 'a', {}, {}, "Those with names too, and what was unpacked from tarballs"},
     [](PruneOptions& options, const Use& use) -> Result<> { return options.all = use.value == "true", Result<>(); }},
    {{"force", 'f', {}, {}, "Do not ask"},
     [](PruneOptions& options, const Use& use) -> Result<> { return options.force = use.value == "true", Result<>(); }},
    {{"filter", 0, "KEY=VALUE", {}, "until=MOMENT, label=NAME[=VALUE], label!=NAME[=VALUE]", true},
     [](PruneOptions& options, const Use& use) -> Result<> {
       options.filters.push_back(TRY(read_image_filter(use.value)));
       return {};
     }},
};

void print_lines(const engine::RemovedImages& removed, const char* untagged, const char* deleted) {
  for (const std::string& name : removed.untagged) std::printf("%s%s\n", untagged, name.c_str());
  for (const std::string& digest : removed.deleted) std::printf("%s%s\n", deleted, digest.c_str());
}

bool agreed(bool all) {
  return agreed_to(fmt::format("WARNING! This will remove all images without {}.\n",
                               all ? "at least one container associated to them" : "a name and without a container"));
}

}  // namespace

Manual rmi_manual() {
  return {"[-f] IMAGE…", "Takes names off images, and removes those that have none left.", spellings(kRmiOptions)};
}

int verb_rmi(const Command& command) {
  RmiOptions options;
  const Result<Parsed> parsed = parse(kRmiOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.empty())
    return refuse(command, complaint("which image? A name or the beginning of an id is needed"));
  engine::sweep(command.places, command.log);
  int status = 0;
  for (const std::string& name : parsed->operands) {
    const auto removed = engine::remove_image(
        command.places, name, options.force ? engine::RemoveImage::kForce : engine::RemoveImage::kCarefully);
    if (removed) {
      print_lines(*removed, "Untagged: ", "Deleted: ");
    } else {
      refuse(command, removed.error());
      status = 1;
    }
  }
  return status;
}

Manual tag_manual() { return {"IMAGE NAME[:TAG]", "Gives an image one more name.", spellings(kTagOptions)}; }

int verb_tag(const Command& command) {
  RmiOptions options;
  const Result<Parsed> parsed = parse(kTagOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.size() != 2) return refuse(command, complaint("an image and its new name are needed"));
  const auto tag = [&]() -> Result<> {
    const image::Reference name = image::with_default_tag(TRY(image::parse_reference(parsed->operands[1])));
    if (!name.digest.empty())
      return fail(complaint(fmt::format("{}: a name with a digest cannot be given", parsed->operands[1])));
    const engine::ListedImage found = TRY(engine::find_image(command.places, parsed->operands[0]));
    const image::ImageStore store = TRY(image::ImageStore::create(command.places.root + "/images"));
    TRY(image::set_name(store, name.text(), found.image.target));
    engine::note_event(command.places, engine::image_event("tag", found.image.id(), name.text()));
    return {};
  };
  const Result<> tagged = tag();
  return tagged ? 0 : refuse(command, tagged.error());
}

Manual image_prune_manual() {
  return {"[OPTION…]", "Removes images without a name that no container was made from, and layers that nothing needs.",
          spellings(kPruneOptions)};
}

int verb_image_prune(const Command& command) {
  PruneOptions options;
  const Result<Parsed> parsed = parse(kPruneOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (!parsed->operands.empty())
    return refuse(command, complaint(fmt::format("'{}' is too much: prune takes options alone", parsed->operands[0])));
  if (!options.force && !agreed(options.all)) return 0;
  engine::sweep(command.places, command.log);
  const auto removed =
      engine::prune_images(command.places, options.all ? engine::PruneImages::kAll : engine::PruneImages::kUnnamed,
                           [&](const engine::ListedImage& listed) { return passes(options.filters, listed); });
  if (!removed) return refuse(command, removed.error());
  if (!removed->untagged.empty() || !removed->deleted.empty()) std::puts("Deleted Images:");
  print_lines(*removed, "untagged: ", "deleted: ");
  std::printf("%sTotal reclaimed space: %s\n", removed->deleted.empty() ? "" : "\n",
              decimal_bytes(removed->bytes).c_str());
  return 0;
}

}  // namespace caisson::cli
