// The options that say where a container's root filesystem lies: of the verbs that read it.
#pragma once

#include "changes/container_tree.h"
#include "images.h"

namespace caisson::transfer {

struct TreeOptions : ImageOptions {
  changes::ContainerTree tree;
};

/// Those, and the ones that all verbs on images have. `Options` is derived from TreeOptions.
template <class Options>
std::vector<command_line::Option<Words<Options>>> tree_options() {
  using command_line::Use;
  using W = Words<Options>;
  auto table = common_options<Options>();
  table.push_back({{.name = "directory", .argument = "DIR"}, [](W& words, const Use& use) -> Result<> {
                     return words.options.tree.directory = use.value, Result<>();
                   }});
  table.push_back({{.name = "lower", .argument = "DIR", .repeated = true}, [](W& words, const Use& use) -> Result<> {
                     return words.options.tree.lower.emplace_back(use.value), Result<>();
                   }});
  table.push_back({{.name = "upper", .argument = "DIR"}, [](W& words, const Use& use) -> Result<> {
                     return words.options.tree.upper = use.value, Result<>();
                   }});
  table.push_back({{.name = "userxattr"}, [](W& words, const Use& use) -> Result<> {
                     const bool user = use.value == "true";
                     words.options.tree.notes = user ? archive::OverlayNotes::kUser : archive::OverlayNotes::kTrusted;
                     return {};
                   }});
  table.push_back({{.name = "uids", .argument = "MAP"}, [](W& words, const Use& use) -> Result<> {
                     words.options.tree.owners.uids = TRY(image::read_owner_map(use.value));
                     return {};
                   }});
  table.push_back({{.name = "gids", .argument = "MAP"}, [](W& words, const Use& use) -> Result<> {
                     words.options.tree.owners.gids = TRY(image::read_owner_map(use.value));
                     return {};
                   }});
  table.push_back(
      {{.name = "mount-point", .argument = "PATH", .repeated = true}, [](W& words, const Use& use) -> Result<> {
         return words.options.tree.mount_points.emplace_back(use.value), Result<>();
       }});
  return table;
}

/// Whether they say of one that has layers.
inline bool has_layers(const TreeOptions& options) {
  return !options.tree.upper.empty() && !options.tree.lower.empty();
}

}  // namespace caisson::transfer
