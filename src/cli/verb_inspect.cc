#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/container_inspect.h"
#include "cli/image_json.h"
#include "cli/names.h"
#include "cli/template.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/containers.h"
#include "engine/disk_usage.h"

namespace caisson::cli {

namespace {

// What a name may be that of.
enum class Type { kAny, kContainer, kImage };

struct InspectOptions {
  std::string format;
  Type type = Type::kAny;
  bool size = false;
};

const Option<InspectOptions> kOptions[] = {
    {{"format", 'f', "TEMPLATE", {}, "json, or a template: '{{.State.Status}}'"},
     [](InspectOptions& options, const Use& use) -> Result<> {
       return options.format = std::string(use.value), Result<>();
     }},
    {{"size",
      's',
      {},
      {},
      "Of containers SizeRw, what each has written, and SizeRootFs, that with its image, in bytes"},
     [](InspectOptions& options, const Use& use) -> Result<> {
       return options.size = use.value == "true", Result<>();
     }},
    {{"type", 0, "TYPE", {}, "container or image (default a container, or else an image)"},
     [](InspectOptions& options, const Use& use) -> Result<> {
       if (use.value == "container") return options.type = Type::kContainer, Result<>();
       if (use.value == "image") return options.type = Type::kImage, Result<>();
       return fail(complaint(fmt::format("'{}' is neither container nor image", use.value)));
     }},
};

Result<nlohmann::ordered_json> inspect_container(const Command& command, const std::string& name, bool size) {
  const engine::Container container = TRY(engine::find_container(command.places, name));
  nlohmann::ordered_json object =
      inspect_object(container, TRY(read_config_of(command.places, container.record.id)), command.places);
  if (size) {
    const engine::ContainerBytes bytes = TRY(engine::container_bytes(command.places, container.record));
    object["SizeRw"] = bytes.written;
    object["SizeRootFs"] = bytes.written + bytes.below;
  }
  return object;
}

// As docker: what is no container may be an image.
Result<nlohmann::ordered_json> inspect(const Command& command, const std::string& name, const InspectOptions& options) {
  if (options.type == Type::kContainer) return inspect_container(command, name, options.size);
  if (options.type == Type::kImage) return image_object(TRY(engine::find_image(command.places, name)));
  Result<nlohmann::ordered_json> container = inspect_container(command, name, options.size);
  if (container) return container;
  const Result<engine::ListedImage> found = engine::find_image(command.places, name);
  if (found) return image_object(*found);
  return engine::is_no_such_container(container.error())
             ? fail(complaint(fmt::format("no such container or image: {}", name)))
             : std::move(container);
}

}  // namespace

Manual inspect_manual() {
  return {"[-f TEMPLATE] [--type TYPE] CONTAINER|IMAGE…", "Shows all that is known about containers and images.",
          spellings(kOptions)};
}

int verb_inspect(const Command& command) {
  InspectOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (const Result<> named = require_names(parsed->operands); !named) return refuse(command, named.error());
  engine::sweep(command.places, command.log);
  return print_objects(command, parsed->operands, options.format,
                       [&](const std::string& name) { return inspect(command, name, options); });
}

}  // namespace caisson::cli
