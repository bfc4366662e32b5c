// Pods as JSON: what `pod ps` lists and `pod inspect` shows, with podman's names.
#pragma once

#include <nlohmann/json.hpp>

#include "engine/pods.h"

namespace caisson::cli {

/// A row: ID, Name, Status, Created, InfraID, NumberOfContainers, ContainerIds, ContainerNames, ContainerStatuses,
/// Cgroup, Labels, Networks, Restarts.
nlohmann::ordered_json pod_row(const engine::Pod& pod, bool whole);

nlohmann::ordered_json pod_object(const engine::Pod& pod);

}  // namespace caisson::cli
