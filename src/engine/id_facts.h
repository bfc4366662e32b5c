// What a container's user namespace depends on, looked up: the caller's ids, those that others have, the container that
// is joined.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "engine/own_ids.h"
#include "engine/places.h"
#include "engine/run_options.h"
#include "engine/user_namespace.h"
#include "host/facts.h"

namespace caisson::engine {

/// `own`: of an ordinary user. Errors: a container that is to be joined does not run.
Result<IdFacts> find_id_facts(const RunOptions& options, const Places& places, const HostFacts& facts,
                              const OwnIds& own);

/// Held from the choice of ids for --userns=auto until they stand in the container's record.
Result<Fd> lock_ids(const Places& places);

}  // namespace caisson::engine
