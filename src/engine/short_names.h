// What names without a registry stand for, which is known to libexec/caisson/transfer.
#pragma once

#include "engine/places.h"
#include "image/stored_image.h"

namespace caisson::engine {

/// Has transfer read registries.conf, for image::find_image().
image::ShortNames short_names(const Places& places);

}  // namespace caisson::engine
