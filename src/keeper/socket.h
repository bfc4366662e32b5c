// The socket at which a keeper's clients find it.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace caisson::keeper {

/// A socket at `path` for Kept::listener, for its owner only (mode 0600). One that was left there is replaced. Whoever
/// connects from now on is a client from the container's first byte on, although the keeper does not run yet.
/// Paths may be longer than a socket's address (108 bytes, unix(7)). Errors: those of socket, bind and listen.
Result<Fd> listen_for_clients(const std::string& path);

/// A connection to the keeper that listens at `path`. Errors: ENOENT or ECONNREFUSED if there is none (any more).
Result<Fd> connect_to_keeper(const std::string& path);

}  // namespace caisson::keeper
