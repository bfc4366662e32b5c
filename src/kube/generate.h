// A manifest of containers, pods and volumes that are there.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/places.h"
#include "kube/model.h"

namespace caisson::kube {

/// The manifest that makes them again: of pods a Pod each, of containers one Pod together, named after the first, of
/// volumes a PersistentVolumeClaim each. Errors: a name of nothing; a container that belongs to a pod.
Result<Manifest> manifest_of(const std::vector<std::string>& names, const engine::Places& places);

}  // namespace caisson::kube
