// How pasta(1) gets into the user namespace of a container, and finds its network.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace caisson::network {

/// The user namespace that a network namespace belongs to; none if that is the caller's. Errors: it may not look.
Result<Fd> users_of(int network_namespace);

/// A program of the container's user namespace, that sees the container's network namespace as a file. That is how
/// podman starts it: AppArmor's profiles of pasta let it look at such a file, and at no process of the container.
struct Entrance {
  int network_namespace = -1;
  int users = -1;    ///< its user namespace; -1: the caller's
  std::string path;  ///< what it is seen as: unseen_path()

  /// In the process that becomes the program: enters, takes ids that can do so, and keeps its privileges through
  /// execve(2). Errors: the user namespace is not the caller's to enter.
  Result<> enter() const;
};

/// A path of that name which only who has entered sees.
std::string unseen_path(const std::string& name);

}  // namespace caisson::network
