// What names without a registry stand for in the store.
#pragma once

#include <string>
#include <vector>

#include "image/reference.h"
#include "registry/resolve.h"

namespace caisson::registry {

/// local_candidates() by what registries.conf says now.
Result<std::vector<image::Reference>> short_names(const std::string& text);

}  // namespace caisson::registry
