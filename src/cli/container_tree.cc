#include "cli/container_tree.h"

#include "cli/transfer.h"

namespace caisson::cli {

Result<image::Report> read_container_tree(const Command& command, const std::string& verb,
                                          const engine::ContainerTree& tree, const std::vector<std::string>& words,
                                          const std::string& doing) {
  std::vector<std::string> all = tree.words;
  all.insert(all.end(), words.begin(), words.end());
  const auto maps = tree.own ? std::optional(tree.own->maps) : std::nullopt;
  Result<image::Report> report = call_transfer(command, verb, all, doing, maps);
  if (report || !tree.own) return report;
  return fail(engine::with_namespace_hint(std::move(report).error(), *tree.own));
}

}  // namespace caisson::cli
