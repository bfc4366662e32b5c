// What a manifest says → what the engine is asked for. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/run_options.h"
#include "kube/environment.h"
#include "kube/model.h"

namespace caisson::kube {

/// A file of a volume that is made of a ConfigMap or a Secret.
struct VolumeFile {
  std::string path;  ///< relative and clean
  std::string content;
  std::uint32_t mode = 0644;
  bool operator==(const VolumeFile&) const = default;
};

/// A volume that is made for the pod, and goes with it.
struct PodVolume {
  std::string name;  ///< the manifest's
  std::vector<VolumeFile> files;
  bool is_empty = false;  ///< an emptyDir: anybody may write to it
  std::optional<std::uint32_t> group;
  std::vector<std::string> sub_paths;  ///< directories that have to be there
};

/// The volumes that have to be made; those of the host, claims, and what is in memory are none of them. Errors, with
/// file, document and path: a ConfigMap, Secret or key that is not there; a container mounts a volume that there is
/// not.
Result<std::vector<PodVolume>> pod_volumes(const Pod& pod, const Objects& objects);

/// The pod's infra container, and what its containers share.
struct ComposedPod {
  engine::RunOptions infra;
  bool share_processes = false;
  engine::RestartPolicy restart;
};
Result<ComposedPod> compose_pod(const Pod& pod);

/// One container: `volumes` says as which volume of the engine one of pod_volumes() is there. Errors, with file,
/// document and path.
enum class ContainerKind { kPlain, kInit };
Result<engine::RunOptions> compose_container(const Pod& pod, const Container& container, ContainerKind kind,
                                             const Objects& objects, const PodFacts& facts,
                                             const std::map<std::string, std::string>& volumes);

/// The name of a container of a pod, as podman makes it: "web-server".
std::string container_name(const Pod& pod, const Container& container);

}  // namespace caisson::kube
