// What play() has made of a manifest, taken down.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "engine/places.h"
#include "kube/model.h"

namespace caisson::kube {

struct TakenDown {
  std::vector<std::string> stopped;  ///< pods, by id
  std::vector<std::string> removed;
  std::vector<std::string> secrets;
  std::vector<std::string> volumes;
};

/// Stops and removes the pods of the manifest, and its secrets; with `volumes` its claims, too. What is not there is
/// passed over.
enum class Claims { kStay, kGo };
Result<TakenDown> take_down(const Manifest& manifest, Claims claims, const engine::Places& places, const Log& log);

}  // namespace caisson::kube
