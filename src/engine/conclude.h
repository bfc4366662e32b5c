// The end of a container: what it died of, and nothing of it left on the host.
#pragma once

#include <optional>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "engine/places.h"
#include "engine/record.h"
#include "explain/death.h"

namespace caisson::engine {

/// Who asks for a container's end says so in a file beside its lock, for the report.
Result<> note_ender(const Places& places, const std::string& id, explain::Ender ender);

/// Called by the container's keeper, who holds `lock`, once its first process has ended with `wait_status` (nothing:
/// nobody knows how). Reads the evidence, kills what is left, removes the cgroup, and writes how it ended; removes the
/// container where that was asked for. What could not be cleaned up is warned of.
Ending conclude(const Places& places, const Record& record, const Live& live, std::optional<int> wait_status, int lock,
                const Log& log);

/// Ends what keepers that were killed have left: containers with a record that nobody keeps.
void sweep(const Places& places, const Log& log);

}  // namespace caisson::engine
