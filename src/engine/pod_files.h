// The names in ROOT/pods (engine/pods.h). Inside the room only.
#pragma once

#include <string>
#include <string_view>

#include "engine/containers.h"
#include "engine/places.h"

namespace caisson::engine {

inline constexpr const char* kPodFile = "pod.json";
inline constexpr const char* kPodCgroupFile = "cgroup.json";
inline constexpr const char* kPodRootfs = "rootfs";
inline constexpr const char* kLeavingFile = "leaving";
inline constexpr std::string_view kNewPod = ".new.";
inline constexpr std::string_view kGonePod = ".gone.";

/// A name for a pod that is being made, or removed.
inline std::string pod_scratch(const Places& places, std::string_view prefix) {
  return places.pod(std::string(prefix) + new_id().substr(0, 16));
}

}  // namespace caisson::engine
