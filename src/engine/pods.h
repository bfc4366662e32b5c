// Pods: containers that share namespaces and lie below one cgroup.
//
//   ROOT/pods/NAME/   renamed to its place when it is whole; its name is its reservation
//     pod.json        engine/pod_record.h; without an infra container's id it is being made
//     cgroup.json     the limits of its cgroup, as an OCI configuration has them
//     rootfs/         what the infra container runs in: the program `pause`, and mount points
//     leaving         locked, for a moment, by who has ended in it
//
// The directory is locked (flock(2)): shared by who starts a container in the pod, until that runs; alone by who makes
// or removes the pod. A pod whose infra container is missing, and that nobody has locked, was left by one who was
// killed at that: the next command removes it.
//
// The infra container holds the namespaces. It is a container like others, with a record, a keeper and a cgroup.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/log.h"
#include "base/result.h"
#include "engine/containers.h"
#include "engine/places.h"
#include "engine/pod_record.h"

namespace caisson::engine {

/// What a new pod is to be.
struct PodOptions {
  RunOptions infra;  ///< of its infra container: network, names, files, ids; the limits are those of the pod's cgroup
  std::string name;  ///< empty: one is made up
  bool replace = false;
  bool has_infra = true;
  std::string infra_name;
  std::string infra_image;                 ///< another one than caisson's own; empty: that
  std::vector<std::string> infra_command;  ///< of that image
  PodShares shares = kDefaultShares;
  ExitPolicy exit_policy = ExitPolicy::kContinue;
  std::string id_file;  ///< written with its id
};

/// Makes a pod with its infra container, which does not run yet: its id. Errors: a name that is taken or none; those of
/// create() about the infra container; limits that this host cannot keep.
Result<std::string> create_pod(const PodOptions& options, const Places& places, const Log& log);

/// A pod, and all its containers, the oldest first; the infra container among them.
struct Pod {
  PodRecord record;
  std::vector<Container> members;

  const Container* infra() const;
};

/// The pod with this name, id, or unique prefix of an id. Errors: none, which is_no_such_pod() tells; or several.
Result<Pod> find_pod(const Places& places, const std::string& reference);
bool is_no_such_pod(const Error& error);

/// All of them, the newest first. A damaged record is left out and named in `damaged`.
struct PodListing {
  std::vector<Pod> pods;
  std::vector<std::string> damaged;
};
Result<PodListing> list_pods(const Places& places);

/// For who is about to start a container of the pod: the pod, locked, and its cgroup made. Nothing to hold for one that
/// belongs to no pod. Who removes the pod waits for its containers: who holds one of them must not wait for who removes
/// the pod. Errors: the pod is gone, or, with kNever, going; the cgroup cannot be made.
enum class WaitForPod { kUntilFree, kNever };
Result<Fd> enter_pod(const Places& places, const PodMembership& membership, WaitForPod wait = WaitForPod::kUntilFree);

/// Once a container has ended, and nothing says any more that it runs: the pod ends with it where its exit policy says
/// so, and its cgroup goes with the last.
void leave_pod(const Places& places, const PodMembership& membership, const Log& log);

/// What leave_pod() does, for who has held the pod and starts no more. `has_ended`: a container of it has, which may
/// be gone.
void settle_pod(const Places& places, const PodRecord& pod, const Log& log, bool has_ended = false);

/// Removes what makers and removers that were killed have left, and the cgroups of pods in which nothing runs.
Result<> clear_unfinished_pods(const Places& places, const Log& log);

/// Removes the pod that has no containers any more. The caller holds it alone.
Result<> remove_empty_pod(const Places& places, const PodRecord& pod);

}  // namespace caisson::engine
