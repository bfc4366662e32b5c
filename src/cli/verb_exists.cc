// container exists, image exists.
#include "cli/command.h"
#include "command_line/options.h"
#include "engine/containers.h"
#include "engine/images.h"

namespace caisson::cli {

namespace {

struct ExistsOptions {};

const std::vector<Option<ExistsOptions>> kOptions;

// `is_there` tells of a name whether there is such a thing.
template <class IsThere>
int exists(const Command& command, const IsThere& is_there) {
  ExistsOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  if (parsed->operands.size() != 1) return refuse(command, complaint("one name is needed"));
  const Result<bool> there = is_there(parsed->operands.front());
  if (!there) return refuse(command, there.error());
  return *there ? 0 : 1;
}

}  // namespace

Manual container_exists_manual() {
  return {"NAME", "Exit status 0: the container is there; 1: it is not.", spellings(kOptions)};
}

int verb_container_exists(const Command& command) {
  return exists(command, [&](const std::string& name) -> Result<bool> {
    const Result<engine::Container> container = engine::find_container(command.places, name);
    if (!container && !engine::is_no_such_container(container.error())) return fail(container.error());
    return container.has_value();
  });
}

Manual image_exists_manual() {
  return {"NAME", "Exit status 0: the image is there; 1: it is not.", spellings(kOptions)};
}

int verb_image_exists(const Command& command) {
  return exists(command, [&](const std::string& name) { return engine::has_image(command.places, name); });
}

}  // namespace caisson::cli
