// From what was asked for to a plan that can be executed: everything is looked up, nothing has happened yet.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "engine/compose.h"
#include "engine/places.h"
#include "engine/record.h"
#include "engine/run_options.h"
#include "engine/source.h"
#include "host/facts.h"
#include "plan/plan.h"

namespace caisson::engine {

/// Who the new container will be: reserved, or as good as.
struct Identity {
  std::string id;
  std::string name;
};

struct Prepared {
  HostFacts facts;
  Record record;
  Composed composed;
  plan::Plan plan;

  /// Files that are bound into the container: path, content.
  struct GeneratedFile {
    std::string path;
    std::string content;
  };
  std::vector<GeneratedFile> files;
};

/// Looks up the source (unpacking it as `unpack` says), the user, namespaces and devices, and makes the plan. Writes
/// nothing but, where that was asked for, the unpacked source. Errors name the option.
Result<Prepared> prepare(const RunOptions& options, const Identity& identity, const Places& places, Unpack unpack, const Log& log);

/// Makes the directories and files that the plan counts on.
Result<> make_files(const Prepared& prepared);

}  // namespace caisson::engine
