// Where Quadlet files are looked for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "units/quadlet.h"

namespace caisson::generator {

enum class Scope { kSystem, kUser };

/// The directories, the first having precedence. Those of podman (…/containers/systemd) are left to podman's own
/// generator where that is installed: two units of one name would be made of a file. QUADLET_UNIT_DIRS, with ':'
/// between, is in the place of all.
std::vector<std::string> source_directories(Scope scope);

/// Name of a Quadlet file ("web.container") → the file, and behind it the drop-ins of its NAME.container.d directories
/// in the order of their names. A file hides those of the same name in directories behind its own. What cannot be read
/// is said in `problems`.
struct Sources {
  std::map<std::string, std::vector<units::QuadletText>> files;
  std::vector<std::string> problems;
};
Sources find_sources(Scope scope, const std::vector<std::string>& directories);

}  // namespace caisson::generator
