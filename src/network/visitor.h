// A process that is in a container's network namespace, for a program that takes a process's pid.
#pragma once

#include <sys/types.h>

#include <utility>

#include "base/result.h"

namespace caisson::network {

struct Inside {
  pid_t pid = 0;  ///< a process in the container's network namespace, and in the user namespace it belongs to
  bool callers_users = false;  ///< which is the caller's
};

/// The container's own process may have taken other ids, and nobody looks into such a one before it executes its
/// program. This one has the caller's ids and no privilege, and ends with this object, or with the caller.
class Visitor {
 public:
  /// Makes it, in the network namespace of an open file. Errors: the caller may not enter that.
  static Result<Visitor> enter(int network_namespace);
  Visitor(Visitor&& other) noexcept : inside_(std::exchange(other.inside_, {})) {}
  Visitor& operator=(Visitor&&) = delete;
  ~Visitor();

  const Inside& inside() const { return inside_; }

 private:
  explicit Visitor(const Inside& inside) : inside_(inside) {}
  Inside inside_;
};

}  // namespace caisson::network
