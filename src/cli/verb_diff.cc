#include <fmt/format.h>

#include "cli/command.h"
#include "cli/container_tree.h"

namespace caisson::cli {

namespace {

struct DiffOptions {
  bool json = false;
};

const Option<DiffOptions> kOptions[] = {
    {{"format", 0, "FORMAT", {}, "json: an object with the lists changed, added and deleted"},
     [](DiffOptions& options, const Use& use) -> Result<> {
       if (use.value != "json") return fail(complaint(fmt::format("'{}' is no format for diff: json is", use.value)));
       return options.json = true, Result<>();
     }},
};

Result<> list_changes(const Command& command, const DiffOptions& options, const std::vector<std::string>& operands) {
  if (operands.size() != 1) return fail(complaint("one container is needed", "caisson diff CONTAINER"));
  const engine::Container container = TRY(engine::find_container(command.places, operands[0]));
  const engine::ContainerTree tree = TRY(engine::find_container_tree(command.places, container));
  if (!tree.directory.empty()) {
    return fail(in(operands[0], complaint("its root is the directory " + tree.directory +
                                              ", used in place: what was there before is not known",
                                          "a container of " + tree.directory + ":O keeps its changes apart")));
  }
  TRY(read_container_tree(command, "diff", tree,
                          options.json ? std::vector<std::string>{"--json"} : std::vector<std::string>(),
                          "compared " + operands[0]));
  return {};
}

}  // namespace

Manual diff_manual() {
  return {"[--format json] CONTAINER",
          "Lists what a container has added (A), changed (C) and deleted (D) of its root filesystem.",
          spellings(kOptions)};
}

int verb_diff(const Command& command) {
  DiffOptions options;
  const Result<Parsed> parsed = parse(kOptions, options, command.arguments, Order::kAnywhere);
  if (!parsed) return refuse(command, parsed.error());
  const Result<> listed = list_changes(command, options, parsed->operands);
  return listed ? 0 : refuse(command, listed.error());
}

}  // namespace caisson::cli
