#include "engine/container_image.h"

#include <algorithm>

#include <signal.h>

#include "base/signals.h"
#include "base/text.h"
#include "engine/images.h"
#include "image/host_platform.h"
#include "image/limits.h"
#include "image/stored_image.h"
#include "kernel/files.h"

namespace caisson::engine {

namespace {

void set_variable(std::vector<std::string>& environment, const std::string& variable) {
  const std::string start = std::string(cut(variable, '=').head) + "=";
  const auto same =
      std::ranges::find_if(environment, [&](const std::string& other) { return other.starts_with(start); });
  if (same != environment.end()) {
    *same = variable;
  } else {
    environment.push_back(variable);
  }
}

}  // namespace

Result<image::ImageConfig> config_below(const Places& places, const Record& record) {
  if (!record.image) return image::ImageConfig{.platform = image::host_platform()};
  const image::ImageStore store = TRY(open_images(places));
  const std::string& digest = record.image->digest;
  const auto status = kernel::status_of(store.blob_path(digest));
  if (!status) {
    return fail(in(record.image->name.empty() ? digest : record.image->name,
                   complaint("the image that the container was made from is not in the store any more",
                             "caisson export, and then import, make an image with one layer")));
  }
  const std::string text =
      TRY(store.read_blob({.media_type = {}, .digest = digest, .size = status->st_size}, image::kManifestBytes));
  image::StoredImage image;
  image.manifest = TRY_IN(digest, image::read_manifest(text));
  return image::read_stored_config(store, image);
}

void say_choices(const Record& record, image::ImageConfig& config) {
  image::ContainerDefaults& defaults = config.defaults;
  const Choices& choices = record.choices;
  // An entrypoint of the options' goes with their command alone, as when it was run.
  if (choices.entrypoint) defaults.entrypoint = *choices.entrypoint;
  if (choices.entrypoint || !choices.command.empty()) defaults.command = choices.command;
  for (const std::string& variable : choices.environment) set_variable(defaults.environment, variable);
  if (!choices.working_directory.empty()) defaults.working_directory = choices.working_directory;
  if (!choices.user.empty()) defaults.user = choices.user;
  for (const std::string& port : choices.exposed_ports) {
    std::vector<std::string>& ports = defaults.exposed_ports;
    if (std::ranges::find(ports, port) == ports.end()) ports.push_back(port);
  }
  for (const auto& [key, value] : record.labels) defaults.labels[key] = value;
  if (record.stop_signal != parse_signal(defaults.stop_signal).value_or(SIGTERM))
    defaults.stop_signal = signal_name(record.stop_signal);
}

}  // namespace caisson::engine
