// The volumes of a pod, made: their files, their directories, what has to be on the host.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/places.h"
#include "kube/compose_pod.h"

namespace caisson::kube {

/// Makes the paths of hostPath volumes that ask for it, and looks whether the others are what they have to be. Errors,
/// with file, document and path.
Result<> prepare_host_paths(const Pod& pod);

/// Makes each as a volume of the engine that goes with the containers that use it: the manifest's name → the volume's.
Result<std::map<std::string, std::string>> make_pod_volumes(const std::vector<PodVolume>& volumes,
                                                            const engine::Places& places);

}  // namespace caisson::kube
