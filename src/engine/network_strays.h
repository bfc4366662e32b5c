// What networks have left on the host.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/places.h"

namespace caisson::engine {

/// What is on the host of containers that are gone: devices, addresses, published ports, each in words. kRemove:
/// they are removed.
enum class Strays { kName, kRemove };
Result<std::vector<std::string>> network_strays(const Places& places, Strays what);

}  // namespace caisson::engine
