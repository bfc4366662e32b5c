#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/container_json.h"
#include "cli/image_json.h"
#include "cli/names.h"
#include "cli/template.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/containers.h"
#include "kernel/files.h"

namespace caisson::cli {

namespace {

// What a name may be that of.
enum class Type { kAny, kContainer, kImage };

struct InspectOptions {
  std::string format;
  Type type = Type::kAny;
};

const Option<InspectOptions> kOptions[] = {
    {{"format", 'f', "TEMPLATE", {}, "json, or a template: '{{.State.Status}}'"},
     [](InspectOptions& options, const Use& use) -> Result<> {
       return options.format = std::string(use.value), Result<>();
     }},
    {{"type", 0, "TYPE", {}, "container or image (default a container, or else an image)"},
     [](InspectOptions& options, const Use& use) -> Result<> {
       if (use.value == "container") return options.type = Type::kContainer, Result<>();
       if (use.value == "image") return options.type = Type::kImage, Result<>();
       return fail(complaint(fmt::format("'{}' is neither container nor image", use.value)));
     }},
};

Result<nlohmann::ordered_json> inspect_container(const Command& command, const std::string& name) {
  const engine::Container container = TRY(engine::find_container(command.places, name));
  const std::string directory = command.places.container(container.record.id);
  nlohmann::ordered_json config = nlohmann::ordered_json::object();
  if (const auto text = kernel::read_file(directory + "/config.json"))
    config = nlohmann::ordered_json::parse(*text, nullptr, false);
  if (!config.is_object()) return fail(in(directory + "/config.json", complaint("not a JSON object")));
  return inspect_object(container, config, directory + "/log",
                        cgroup::read_pressure(container.record.cgroup_directories));
}

// As docker: what is no container may be an image.
Result<nlohmann::ordered_json> inspect(const Command& command, const std::string& name, Type type) {
  if (type == Type::kContainer) return inspect_container(command, name);
  if (type == Type::kImage) return image_object(TRY(engine::find_image(command.places, name)));
  Result<nlohmann::ordered_json> container = inspect_container(command, name);
  if (container) return container;
  const Result<engine::ListedImage> found = engine::find_image(command.places, name);
  if (found) return image_object(*found);
  return engine::is_no_such_container(container.error())
             ? fail(complaint(fmt::format("no such container or image: {}", name)))
             : std::move(container);
}

}  // namespace

Manual inspect_manual() {
  return {"[-f TEMPLATE] [--type TYPE] NAME…", "Shows all that is known about containers and images.",
          spellings(kOptions)};
}

int verb_inspect(const Command& command) {
  InspectOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (const Result<> named = require_names(parsed->operands); !named) return refuse(command, named.error());
  engine::sweep(command.places, command.log);
  return print_objects(command, parsed->operands, options.format,
                       [&](const std::string& name) { return inspect(command, name, options.type); });
}

}  // namespace caisson::cli
