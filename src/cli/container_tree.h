// Verbs that read a container's root filesystem, by the transfer program.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "engine/container_tree.h"
#include "image/report.h"

namespace caisson::cli {

/// Runs `transfer VERB` with the words of the tree and `words`, as whoever may read it.
Result<image::Report> read_container_tree(const Command& command, const std::string& verb,
                                          const engine::ContainerTree& tree, const std::vector<std::string>& words,
                                          const std::string& doing);

}  // namespace caisson::cli
