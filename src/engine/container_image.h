// What an image says that is made of a container.
#pragma once

#include "base/result.h"
#include "engine/places.h"
#include "engine/record.h"
#include "image/image_config.h"

namespace caisson::engine {

/// The config of the image that the container was made from; one for this host that says nothing where there was none.
/// Error: the image is not in the store any more, or cannot be read.
Result<image::ImageConfig> config_below(const Places& places, const Record& record);

/// `config` with what the container's options said: as docker has it, its own command, environment, user, labels and so
/// on become the image's. Pure.
void say_choices(const Record& record, image::ImageConfig& config);

}  // namespace caisson::engine
