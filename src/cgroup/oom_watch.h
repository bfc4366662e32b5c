// Tells when a container is out of memory: v1's memory.oom_control (cgroup-v1/memory.rst, 10), v2's memory.events.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace caisson::cgroup {

class OomWatch {
 public:
  /// Watches the container that has the cgroups `directories` (Layout::directories). Error: it has no memory cgroup.
  static Result<OomWatch> start(const std::vector<std::string>& directories);

  /// Readable (POLLIN) when next() has something to tell.
  int fd() const { return events_.get(); }

  enum class News {
    kNothing,
    kOutOfMemory,  ///< v1: the limit could not be kept; v2: somebody was killed for it
    kEnded,        ///< the cgroup is empty (v2) or gone: nothing more will come
  };
  /// What has happened since it was asked last. Does not wait.
  News next();

 private:
  OomWatch() = default;
  Result<> start_v1();
  Result<> start_v2();
  std::uint64_t kills() const;

  std::string directory_;
  bool unified_ = false;
  Fd events_;   // v1: eventfd(2); v2: inotify(7)
  Fd control_;  // v1: memory.oom_control, which is open as long as it is watched
  std::uint64_t kills_ = 0;
};

}  // namespace caisson::cgroup
