// Who one is to a registry, as the options, files and helpers say.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "registry/credentials.h"
#include "registry/options.h"
#include "registry/registries_conf.h"

namespace caisson::registry {

/// The credentials for `name` ("quay.io/a/b"): those of the options, or the first that is found, where files come in
/// the order of files.h, and within one the most specific namespace. Nothing: anonymous. Error: what a file or a helper
/// says cannot be read.
Result<std::optional<Credentials>> find_credentials(const Options& options, const RegistriesConf& conf,
                                                    const std::string& name);

}  // namespace caisson::registry
