// Where the policy is that says which images may be run (policy.h).
#pragma once

#include <string>

#include "base/result.h"
#include "image/policy.h"

namespace caisson::image {

/// The policy's file: $CAISSON_POLICY; or else an ordinary user's own, $XDG_CONFIG_HOME/caisson/policy.json or
/// ~/.config/caisson/policy.json; or else /etc/caisson/policy.json.
std::string policy_path();

/// Reads it; one that does not exist accepts everything, unless $CAISSON_POLICY names it.
Result<Policy> load_policy();

}  // namespace caisson::image
