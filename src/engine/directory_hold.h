// Directories that several commands share: held, shared or alone, by their name and by nothing else.
#pragma once

#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace caisson::engine {

enum class Hold { kShared, kSharedOrNothing, kAlone, kAloneOrNothing };

/// The directory at `path`, locked (flock(2)), and still there under that name; nothing: there is none (ENOENT in
/// errno), or, with …OrNothing, somebody else has it (EWOULDBLOCK).
Result<std::optional<Fd>> hold_directory(const std::string& path, Hold how);

}  // namespace caisson::engine
