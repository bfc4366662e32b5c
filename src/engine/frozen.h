// A container that stands still while it is read.
#pragma once

#include <signal.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace caisson::engine {

/// Its processes are stopped where they are, and go on when this goes. Signals that would end this process meanwhile
/// (SIGINT, SIGTERM, SIGHUP, SIGQUIT) do so then: nobody else would let them go on.
class Frozen {
 public:
  /// One that is frozen already is left so. Errors: those of cgroup::freeze().
  static Result<Frozen> freeze(std::vector<std::string> cgroup_directories);

  Frozen(Frozen&& other) noexcept;
  Frozen& operator=(Frozen&&) = delete;
  ~Frozen();

  /// Lets them go on. Error: those of cgroup::thaw(). Without this the end of the object does it, and says nothing.
  Result<> thaw();

 private:
  Frozen() = default;

  std::vector<std::string> cgroup_directories_;
  sigset_t signals_{};  // that were blocked before
  bool is_frozen_ = false;
};

}  // namespace caisson::engine
