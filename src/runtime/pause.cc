#include "runtime/pause.h"

#include "cgroup/freezer.h"

namespace caisson::runtime {

Result<> pause(const Container& container) {
  if (container.status != Status::kRunning && container.status != Status::kCreated)
    return fail(complaint("container not running"));
  return cgroup::freeze(container.record.cgroup_directories);
}

Result<> resume(const Container& container) {
  if (container.status != Status::kPaused) return fail(complaint("container not paused"));
  return cgroup::thaw(container.record.cgroup_directories);
}

}  // namespace caisson::runtime
