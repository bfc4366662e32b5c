#include <unistd.h>

#include <cstdio>

#include "cli/command.h"
#include "cli/container_tree.h"

namespace caisson::cli {

namespace {

struct ExportOptions {
  std::string output;
};

const Option<ExportOptions> kOptions[] = {
    {{"output", 'o', "FILE", {}, "Where to (default standard output)"},
     [](ExportOptions& options, const Use& use) -> Result<> {
       if (use.value.empty()) return fail(complaint("the name of a file is needed"));
       return options.output = use.value, Result<>();
     }},
};

Result<> export_container(const Command& command, const ExportOptions& options,
                          const std::vector<std::string>& operands) {
  if (operands.size() != 1) return fail(complaint("one container is needed", "caisson export [-o FILE] CONTAINER"));
  if (options.output.empty() && ::isatty(STDOUT_FILENO) == 1)
    return fail(complaint("standard output is a terminal", "-o FILE, or export >FILE"));
  const engine::Container container = TRY(engine::find_container(command.places, operands[0]));
  const engine::ContainerTree tree = TRY(engine::find_container_tree(command.places, container));
  std::vector<std::string> words;
  if (!options.output.empty()) words = {"--output", options.output};
  TRY(read_container_tree(command, "export", tree, words, "exported " + operands[0]));
  return {};
}

}  // namespace

Manual export_manual() {
  return {"[-o FILE] CONTAINER", "Writes a container's root filesystem to a tarball, without what is mounted in it.",
          spellings(kOptions)};
}

int verb_export(const Command& command) {
  ExportOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  const Result<> exported = export_container(command, options, parsed->operands);
  return exported ? 0 : refuse(command, exported.error());
}

}  // namespace caisson::cli
