// How the transfer program gets at the files of a container for `cp`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "engine/containers.h"
#include "engine/places.h"
#include "kernel/user_namespace.h"

namespace caisson::engine {

struct CopyView {
  std::vector<std::string> words;      ///< options of transfer's copy-from and copy-to
  std::optional<kernel::IdMaps> maps;  ///< it runs as root of a new user namespace with these
  Fd lock;                             ///< of a container that does not run: nobody starts or removes it meanwhile
};

/// Of one that runs, what its first process sees; of one that does not, its layers and its volumes. Error: another
/// command is at work on it.
Result<CopyView> find_copy_view(const Places& places, const Container& container);

}  // namespace caisson::engine
