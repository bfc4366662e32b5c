// A network namespace that is made while its maker does something else. The kernel takes as long for one as for all of
// a container's mounts together, and a second processor is often idle meanwhile.
#pragma once

#include <sys/types.h>

#include <memory>

#include "base/fd.h"
#include "base/result.h"

namespace caisson::kernel {

/// A process of its own makes the namespace, one that shares this process's memory and descriptors, and ends: until
/// then there are two that do, but no threads. Where it is not known here how the kernel is called on a processor of
/// this kind, there is none (ENOSYS).
class NetworkAhead {
 public:
  NetworkAhead();
  ~NetworkAhead();
  NetworkAhead(const NetworkAhead&) = delete;
  NetworkAhead& operator=(const NetworkAhead&) = delete;

  /// Begins, once. It is taken for granted that this will go well.
  void begin();

  /// The namespace (network_namespaces(7)) as a descriptor, which is waited for; once. Errors: those of clone(2),
  /// unshare(2) and open(2), of begin() too.
  Result<Fd> take();

 private:
  struct Shared;
  void await();

  std::unique_ptr<Shared> shared_;
  pid_t maker_ = -1;
};

}  // namespace caisson::kernel
