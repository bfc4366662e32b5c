// What the policy of images says to a run.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "engine/places.h"

namespace caisson::engine {

/// What is about to be run: an image of the store by its manifest's digest, or a tarball by its own.
struct Candidate {
  std::vector<std::string> names;  ///< that the policy knows it by: whole references, or an absolute path
  std::string digest;
  std::string file = {};  ///< of a tarball; empty: an image
};

/// That the policy (image/policy_file.h) lets it run under each of its names. Where a signature is required and none is
/// known yet, transfer looks for one. Errors: the policy rejects it, or cannot be read; it is not signed as it should
/// be.
Result<> obey_policy(const Places& places, const Candidate& candidate, const Log& log);

}  // namespace caisson::engine
