// How --secret is written (podman-run(1)). Pure.
#pragma once

#include <string_view>

#include "base/result.h"
#include "engine/run_options.h"

namespace caisson::engine {

/// "NAME[,type=mount|env][,target=…][,uid=N][,gid=N][,mode=OCTAL]". A target of a file is below /run/secrets unless it
/// is absolute; of a variable it is its name. Both are NAME if there is none. Errors: another key, a value that is
/// none, uid, gid or mode of a variable.
Result<SecretChoice> read_secret(std::string_view text);

/// Whether a secret can have that name: [a-zA-Z0-9][a-zA-Z0-9_.-]*, 253 bytes at most.
bool is_secret_name(std::string_view name);

}  // namespace caisson::engine
