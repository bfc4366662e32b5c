// The options of the host's cgroup2 file system, of which there is one: whoever mounts it anew without them, as criu
// does to look at it, takes them from everybody (cgroup-v2.rst, "Mounting": nsdelegate, memory_recursiveprot).
#pragma once

#include <string>

#include "base/result.h"

namespace caisson::runtime {

class CgroupOptions {
 public:
  /// Those of now; none where no cgroup2 is mounted.
  static CgroupOptions read();

  /// Sets them again if they are others by now.
  Result<> restore() const;

 private:
  std::string point_;
  std::string options_;  ///< "rw,nsdelegate"
};

}  // namespace caisson::runtime
