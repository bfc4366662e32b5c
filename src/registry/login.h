// Credentials kept and forgotten: login and logout.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "registry/credentials.h"
#include "registry/options.h"

namespace caisson::registry {

/// What credentials are kept under: "quay.io", "quay.io/team"; docker.io for an empty text. A scheme before it is taken
/// away. Error: it is not the name of a registry.
Result<std::string> login_key(std::string_view text);

/// Has the registry check `credentials`, and keeps them, where `options` or the environment say: in a file that only
/// its owner can read, or with the helper that this file names. Gives where they are now, for people.
Result<std::string> login(const std::string& key, const Credentials& credentials, const Options& options);

/// Forgets them. Error: there were none there; the hint says in which other file some are.
Result<std::string> logout(const std::string& key, const Options& options);

/// Forgets all of the file's and of its helpers'; gives their keys.
Result<std::vector<std::string>> logout_of_all(const Options& options);

}  // namespace caisson::registry
