#include <cstdio>

#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/image_json.h"
#include "cli/names.h"
#include "cli/template.h"
#include "command_line/options.h"

namespace caisson::cli {

namespace {

struct InspectOptions {
  std::string format;
};

const Option<InspectOptions> kOptions[] = {
    {{"format", 'f', "TEMPLATE", {}, "json, or a template: '{{.Config.Env}}'"},
     [](InspectOptions& options, const Use& use) -> Result<> {
       return options.format = std::string(use.value), Result<>();
     }},
};

}  // namespace

Manual image_inspect_manual() {
  return {"[-f TEMPLATE] IMAGE…", "Shows all that is known about images.", spellings(kOptions)};
}

int verb_image_inspect(const Command& command) {
  InspectOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.empty())
    return refuse(command, complaint("which image? A name or the beginning of an id is needed"));
  return print_objects(command, parsed->operands, options.format,
                       [&](const std::string& name) -> Result<nlohmann::ordered_json> {
                         return image_object(TRY(engine::find_image(command.places, name)));
                       });
}

}  // namespace caisson::cli
