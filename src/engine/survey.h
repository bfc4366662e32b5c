// What a new container finds: the host, its source, its user, the caller, whoever it shares something with.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "engine/places.h"
#include "engine/prepare.h"
#include "engine/run_options.h"
#include "engine/source.h"
#include "engine/surroundings.h"
#include "host/facts.h"

namespace caisson::engine {

/// Everything that compose() is told beside the options. Errors name the option: a container whose namespace is to be
/// shared does not run, a device, a user or a file is not there.
Result<Surroundings> survey(const RunOptions& options, const Identity& identity, const Source& source,
                            const Places& places, HostFacts facts, UserNamespace user_namespace);

/// The size of the caller's terminal; nothing where it has none.
std::optional<spec::ConsoleSize> caller_console();

/// The image's /etc/passwd with a line more, for the user that has none there. Errors: that of --passwd-entry is none.
Result<std::string> passwd_text(const RunOptions& options, const Surroundings& around, const Source& source);

}  // namespace caisson::engine
