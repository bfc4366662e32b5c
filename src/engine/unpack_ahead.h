// Layers of an image that has just come, unpacked before anyone runs it.
#pragma once

#include <string>

#include "base/log.h"
#include "base/result.h"
#include "engine/places.h"

namespace caisson::engine {

/// Unpacks the image's layers for the containers that `caisson run` makes without further options: with root's owners,
/// or with an ordinary user's ids. `manifest`, `id`: digests of the image's manifest and config. Errors: what transfer
/// says of the layers.
Result<> unpack_ahead(const Places& places, const std::string& manifest, const std::string& id, bool progress,
                      const Log& log);

}  // namespace caisson::engine
