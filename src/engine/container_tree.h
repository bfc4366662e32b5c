// Where a container's root filesystem lies on the disk, for the transfer program that reads it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "engine/containers.h"
#include "engine/own_ids.h"
#include "engine/places.h"
#include "kernel/user_namespace.h"

namespace caisson::engine {

struct ContainerTree {
  std::vector<std::string> words;  ///< options of transfer's verbs (programs/transfer/container_tree.h)
  std::string directory;           ///< that is used in place; empty: there are layers, and what is above them
  std::optional<OwnIds> own;       ///< an ordinary user's: its files are read as root of a namespace with these
  Fd lock;                         ///< of a container that does not run: it is not removed meanwhile
};

/// Error: another command is at work on it; its configuration cannot be read.
Result<ContainerTree> find_container_tree(const Places& places, const Container& container);

}  // namespace caisson::engine
