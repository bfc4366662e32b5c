#include "engine/resolve_mounts.h"

#include <optional>
#include <utility>

#include "engine/containers.h"
#include "engine/image_source.h"
#include "engine/volumes.h"

namespace caisson::engine {

namespace {

// One that is not there yet is as the option says it will be.
Result<> add_volume(const Places& places, const std::string& name, Surroundings& around) {
  if (name.empty() || around.named_volumes.contains(name)) return {};
  if (const std::optional<Volume> volume = TRY(find_volume(places, name)))
    around.named_volumes[name] = {.data = volume->data, .options = volume->record.options};
  return {};
}

}  // namespace

Result<> resolve_volumes(const RunOptions& options, const Places& places, Surroundings& around) {
  around.volumes = places.volumes();
  for (const MountChoice& choice : options.mounts) {
    if (choice.kind == MountKind::kVolume) TRY_IN(choice.typed, add_volume(places, choice.source, around));
  }
  for (const VolumesFrom& from : options.volumes_from) {
    Container container = TRY_IN(from.typed, find_container(places, from.container));
    for (const MountRecord& mount : container.record.mounts) {
      if (mount.type == "volume") TRY_IN(from.typed, add_volume(places, mount.name, around));
    }
    around.inherited.push_back(
        {.typed = from.typed, .read_only = from.read_only, .mounts = std::move(container.record.mounts)});
  }
  return {};
}

Result<Fd> resolve_images(const RunOptions& options, const Places& places, const LayerOwners& owners, Unpack unpack,
                          const Log& log, Surroundings& around) {
  Fd hold;
  for (const MountChoice& choice : options.mounts) {
    if (choice.kind != MountKind::kImage || around.image_layers.contains(choice.source)) continue;
    RunOptions of_image = options;
    of_image.source = choice.source;
    of_image.sha256.clear();
    const image::ImageSource wanted = TRY_IN(choice.typed, image::parse_image_source(choice.source));
    Source source = TRY_IN(choice.typed, find_image_source(wanted, of_image, places, owners, unpack, log));
    around.image_layers[choice.source] = std::move(source.layers);
    hold = std::move(source.hold);
  }
  return hold;
}

}  // namespace caisson::engine
