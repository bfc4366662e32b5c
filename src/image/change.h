// Changes of an image's config, as `docker import --change` and `docker commit --change` take them: instructions of a
// Dockerfile. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "image/image_config.h"

namespace caisson::image {

/// Applies CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, SHELL, STOPSIGNAL, USER, VOLUME and WORKDIR, in
/// any case, in their order. As docker does, an ENTRYPOINT takes away a command that none of these lines gave. Words
/// may be quoted as in a Dockerfile; nothing is substituted. The error names the line and says what is wrong with it.
Result<> apply_changes(ContainerDefaults& defaults, const std::vector<std::string>& lines);

}  // namespace caisson::image
