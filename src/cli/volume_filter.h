// --filter of the verbs that go through volumes, as docker has it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/volumes.h"

namespace caisson::cli {

struct VolumeFilter {
  enum class Kind {
    kDangling,  ///< true: no container uses it; false: one does
    kDriver,
    kLabel,     ///< has it
    kNotLabel,  ///< has it not
    kName,      ///< is in its name
    kUntil,     ///< was made before that moment
    kAll,       ///< of prune alone: true: named ones, too
  };
  Kind kind = Kind::kName;
  std::string value = {};  ///< "true", "NAME", "NAME=VALUE"
  std::int64_t moment_ns = 0;
};

/// Reads "label!=tier=test". Errors: a key that is not known, a value that is none.
Result<VolumeFilter> read_volume_filter(std::string_view text);

/// Whether the volume passes: as docker has it, of several filters for the driver, the name or dangling one is enough;
/// of those for labels all have to let it through.
bool passes(const std::vector<VolumeFilter>& filters, const engine::Volume& volume, bool is_used);

}  // namespace caisson::cli
