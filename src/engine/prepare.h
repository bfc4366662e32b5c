// From what was asked for to a plan that can be executed: everything is looked up, nothing has happened yet.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/log.h"
#include "base/result.h"
#include "engine/compose.h"
#include "engine/own_ids.h"
#include "engine/places.h"
#include "engine/recipe.h"
#include "engine/record.h"
#include "engine/run_options.h"
#include "engine/source.h"
#include "host/facts.h"
#include "plan/plan.h"
#include "runtime/timings.h"

namespace caisson::engine {

/// Who the new container will be: reserved, or as good as.
struct Identity {
  std::string id;
  std::string name;
};

struct Prepared {
  HostFacts facts;
  std::optional<OwnIds> own_ids;  ///< of an ordinary user
  Fd layers;                      ///< Source::hold, until the layers stand in its record
  Fd network;                     ///< its network namespace, made ahead; none: it gets none, or makes it itself
  Fd pod;                         ///< held until it runs (engine/pods.h)
  Fd ids_lock;                    ///< held until its ids stand in its record, where they are its alone
  Record record;
  Recipe recipe;
  Composed composed;
  plan::Plan plan;
};

/// Looks up the source (unpacking it as `unpack` says), the user, namespaces and devices, and makes the plan. Writes
/// nothing but, where that was asked for, the unpacked source. Errors name the option. `watch` is told of each part.
Result<Prepared> prepare(const RunOptions& options, const Identity& identity, const Places& places, Unpack unpack,
                         const Log& log, runtime::Stopwatch& watch);

/// The same for a container that is there, from its configuration and recipe: what it shares with other containers is
/// looked up anew, and so are this host's facts. Errors: one of those does not run; its files do not read.
Result<Prepared> prepare_again(const std::string& id, const Places& places, const Log& log, runtime::Stopwatch& watch);

/// Gives what `U` asks for to the container's user: the one thing that is done to the host's own files, and stays.
Result<> give_to_user(const Prepared& prepared);

/// Makes the directories that an ordinary user's container writes to, where they belong to another of the user's ids.
Result<> make_writable_directories(const Prepared& prepared);

}  // namespace caisson::engine
