// What tags a repository has.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/reference.h"
#include "registry/options.h"

namespace caisson::registry {

/// All images of the repository `name`, which may be short, as registries.conf has it: a reference for each tag, in the
/// registry's order, by the name that the repository has and not by a mirror's. Errors: `name` has a tag or a digest;
/// those of RegistrySource::open() and top(); the list is damaged, or has more than 10,000 tags.
Result<std::vector<image::Reference>> tags(std::string_view name, const Options& options);

}  // namespace caisson::registry
