// The end of a container: what it died of, and nothing of it left on the host.
#pragma once

#include <optional>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "engine/containers.h"
#include "engine/places.h"
#include "engine/record.h"
#include "explain/death.h"

namespace caisson::engine {

/// Who asks for a container's end says so in a file beside its lock, for the report.
Result<> note_ender(const Places& places, const std::string& id, explain::Ender ender);

/// Whether somebody has: stop, restart or kill.
bool is_asked_to_end(const Places& places, const std::string& id);

/// Whether that was for the time until the next boot (stop --until-boot, or a SIGTERM to its keeper): its policy does
/// not start it again now, and its ending is not one that was asked for.
bool is_stopped_until_boot(const Places& places, const std::string& id);

/// Called by the container's keeper, once its first process has ended with `wait_status` (nothing: nobody knows how).
/// Reads the evidence, kills what is left and removes the cgroup. What could not be cleaned up is warned of.
Ending settle(const Places& places, const Record& record, const Live& live, std::optional<int> wait_status,
              const Log& log);

/// The end of keeping it, by who holds `lock`: writes how it ended, for those who wait too; removes the container where
/// that was asked for.
void put_away(const Places& places, const Record& record, const Ending& ending, int lock, const Log& log);

/// The two together.
Ending conclude(const Places& places, const Record& record, const Live& live, std::optional<int> wait_status, int lock,
                const Log& log);

/// Ends what keepers that were killed have left: containers with a record that nobody keeps. kSome looks at a few of
/// many containers alone: who makes one more does not pay for all that are there.
enum class SweepExtent { kAll, kSome };
void sweep(const Places& places, const Log& log, SweepExtent extent = SweepExtent::kAll);

/// All containers, after such a sweep; which costs little where a look at them shows that none was left.
Result<Listing> list_swept(const Places& places, const Log& log);

}  // namespace caisson::engine
