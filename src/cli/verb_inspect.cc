#include <cstdio>

#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/container_json.h"
#include "cli/names.h"
#include "cli/template.h"
#include "command_line/options.h"
#include "engine/conclude.h"
#include "engine/containers.h"
#include "kernel/files.h"

namespace caisson::cli {

namespace {

struct InspectOptions {
  std::string format;
};

const Option<InspectOptions> kOptions[] = {
    {{"format", 'f', "TEMPLATE", {}, "json, or a template: '{{.State.Status}}'"},
     [](InspectOptions& options, const Use& use) -> Result<> {
       return options.format = std::string(use.value), Result<>();
     }},
};

Result<nlohmann::ordered_json> inspect(const Command& command, const std::string& name) {
  const engine::Container container = TRY(engine::find_container(command.places, name));
  const std::string directory = command.places.container(container.record.id);
  nlohmann::ordered_json config = nlohmann::ordered_json::object();
  if (const auto text = kernel::read_file(directory + "/config.json"))
    config = nlohmann::ordered_json::parse(*text, nullptr, false);
  if (!config.is_object()) return fail(in(directory + "/config.json", complaint("not a JSON object")));
  return inspect_object(container, config, directory + "/log",
                        cgroup::read_pressure(container.record.cgroup_directories));
}

}  // namespace

int verb_inspect(const Command& command) {
  InspectOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->help) {
    std::fputs(help_text("caisson inspect [-f TEMPLATE] CONTAINER…", "Shows all that is known about containers.",
                         spellings(kOptions))
                   .c_str(),
               stdout);
    return 0;
  }
  if (const Result<> named = require_names(parsed->operands); !named) return refuse(command, named.error());
  engine::sweep(command.places, command.log);
  int status = 0;
  std::vector<nlohmann::ordered_json> objects;
  for (const std::string& name : parsed->operands) {
    Result<nlohmann::ordered_json> object = inspect(command, name);
    if (object) {
      objects.push_back(std::move(*object));
    } else {
      refuse(command, object.error());
      status = 1;
    }
  }
  if (options.format.empty()) {
    const std::string text =
        nlohmann::ordered_json(objects).dump(4, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    std::printf("%s\n", text.c_str());
    return status;
  }
  const Result<std::string> text = render_rows(options.format, objects);
  if (!text) return refuse(command, text.error());
  std::fputs(text->c_str(), stdout);
  return status;
}

}  // namespace caisson::cli
