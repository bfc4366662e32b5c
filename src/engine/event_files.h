// Where events are written down (engine/events.h). Inside the room only.
#pragma once

#include <string>

#include "engine/places.h"

namespace caisson::engine {

std::string events_directory(const Places& places);
std::string events_file(const Places& places);
std::string events_file_before(const Places& places);

}  // namespace caisson::engine
