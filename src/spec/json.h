// The OCI configuration as JSON, read and written. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "spec/config.h"
#include "spec/problem.h"

namespace caisson::spec {

enum class Strictness {
  kLenient,  ///< unknown keys and capabilities are warnings, as the specification wants it
  kStrict,   ///< every warning is an error
};

/// A configuration as far as it could be read, and everything that is wrong with it. It may be used only if
/// `findings.errors` is empty.
struct Reading {
  Config config;
  Findings findings;
};

/// Reads a config.json (runtime-spec config.md) and validates it (validate.h). All problems are found at once: types,
/// ranges, missing and unknown keys, NUL bytes in strings. A key of the specification that this version does not
/// implement is an error unless it is empty. `null` is the same as an absent key, as for the Go programs that write
/// these files.
Reading read_config(std::string_view json, Strictness strictness = Strictness::kLenient);

/// A process alone, as `exec --process` is given it, for the container of `config`, with which it is validated.
/// Pointers are into the process. Nothing else of the configuration is changed.
struct ProcessReading {
  Process process;
  Findings findings;
};
ProcessReading read_process(std::string_view json, const Config& config, Strictness strictness = Strictness::kLenient);

/// Resources as far as they could be read, and everything that is wrong with them, by pointers as in a config.json
/// ("/memory/limit" for linux.resources.memory.limit).
struct ResourcesReading {
  Resources resources;
  Findings findings;
};

/// Reads what `update --resources` is given: the content of linux.resources (config-linux.md). Unknown keys are
/// warnings.
ResourcesReading read_resources(std::string_view json);

/// The config.json `json`, with its linux.resources replaced by `resources`: everything else stays, also what is not
/// known here. Error: it is not JSON.
Result<std::string> replace_resources(std::string_view json, const Resources& resources);

/// `config` as a config.json, indented, with a newline at its end; what is absent or has the default's value is left
/// out. Reading it gives `config` again, provided all strings are UTF-8: JSON has no other, and U+FFFD stands for what
/// is not.
std::string write_config(const Config& config);

}  // namespace caisson::spec
