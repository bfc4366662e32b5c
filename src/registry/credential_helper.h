// Programs that keep credentials, docker-credential-X of PATH: a word of what to do as their argument, and the rest on
// standard input and output, so that no list of processes shows it.
#pragma once

#include <optional>

#include "base/result.h"
#include "registry/auth_file.h"
#include "registry/credentials.h"

namespace caisson::registry {

/// What the helper knows; nothing: it knows none. Error: it cannot be run, or it fails in its own words.
Result<std::optional<Credentials>> helper_get(const HelperUse& use);

Result<> helper_store(const HelperUse& use, const Credentials& credentials);
Result<> helper_erase(const HelperUse& use);

}  // namespace caisson::registry
