// What a container's configuration does not say, and each of its starts needs.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/build.h"
#include "spec/config.h"

namespace caisson::engine {

/// ROOT/containers/ID/start.json, beside config.json: the two together make the container again.
struct Recipe {
  std::map<std::string, std::string> origins;  ///< Composed::origins
  std::vector<plan::MountSource> sources;      ///< files and directories that are mounted into it
  std::map<std::string, pid_t> joined;  ///< id of a container whose namespaces it shares → that one's first process as
                                        ///< the configuration names it: "/proc/PID/ns/net"
};

std::string to_json(const Recipe& recipe);
Result<Recipe> read_recipe(const std::string& json);

/// The configuration with the process `now` of a container whose namespaces are joined in the place of `before`.
void rejoin(spec::Config& config, pid_t before, pid_t now);

}  // namespace caisson::engine
