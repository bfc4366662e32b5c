// The stores of unpacked layers, looked through and mended.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "engine/places.h"

namespace caisson::engine {

struct LayersCheck {
  std::vector<std::string> lines;  ///< what was found, and what was done about it
  bool is_well = true;             ///< nothing of it is wrong still
};

/// Has all layers compared with the images that they are of (image/check_layers.h): root's, or those of an ordinary
/// user's mappings, as root of a user namespace with its ids. kRepair: a damaged one is removed and unpacked anew,
/// unless a container was made from it, which is told then. Errors: the stores cannot be looked through.
enum class Repair { kNo, kYes };
Result<LayersCheck> check_layers(const Places& places, Repair repair, const Log& log);

}  // namespace caisson::engine
