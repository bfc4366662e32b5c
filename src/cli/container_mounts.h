// What of the host, and which volumes, a container shows.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "engine/places.h"
#include "engine/record.h"

namespace caisson::cli {

/// A container's configuration as it was executed (config.json). Error: it cannot be read, or is none.
Result<nlohmann::ordered_json> read_config_of(const engine::Places& places, const std::string& id);

struct ShownMount {
  std::string type;  ///< "bind", "volume", "tmpfs"
  std::string name;  ///< of a volume
  std::string source;
  std::string destination;
  std::vector<std::string> options;
  bool is_writable = true;
  bool is_own = false;  ///< a volume of the container's alone, gone with it

  std::string propagation() const;
};

/// Those of `config` that were asked for, by options or by the image: without what every container has.
std::vector<ShownMount> mounts_of(const engine::Places& places, const std::string& id,
                                  const nlohmann::ordered_json& config);

/// As `inspect` shows it.
nlohmann::ordered_json mount_object(const ShownMount& mount);

}  // namespace caisson::cli
