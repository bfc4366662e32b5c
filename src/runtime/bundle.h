// A bundle: a directory with a config.json and a root filesystem (runtime-spec bundle.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "spec/config.h"
#include "spec/json.h"

namespace caisson::runtime {

/// A configuration that may be used, with the paths in it made absolute.
struct Bundle {
  std::string directory;  ///< absolute
  std::string text;       ///< of the config.json
  spec::Config config;
  std::vector<std::string> warnings;  ///< what was wrong with it and may be passed over: "config.json: /x: unknown key"
};

/// Reads `directory`/config.json, or `config_file` instead if that is not empty. A relative root.path and relative
/// sources of bind mounts are taken from the bundle. Errors: every problem of the configuration, by JSON pointer; a
/// root that is not there, or is a symbolic link.
Result<Bundle> read_bundle(const std::string& directory, const std::string& config_file, spec::Strictness strictness);

/// The configuration that a container was created with, from its text of that time.
Result<Bundle> reread_bundle(const std::string& directory, const std::string& config_file);

}  // namespace caisson::runtime
