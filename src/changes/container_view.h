// The files of a container as it sees them itself, its mounts included, opened to be copied from and to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"
#include "changes/container_tree.h"

namespace caisson::changes {

/// What is mounted in a container that does not run.
struct ViewMount {
  std::string source;       ///< on the host
  std::string below;        ///< what of that; empty: all of it
  std::string destination;  ///< inside
  bool writable = true;
};

struct ContainerView {
  std::optional<pid_t> process;  ///< of one that runs: what this process sees
  bool joins = false;            ///< its user namespace is another than ours
  ContainerTree tree;            ///< of one that does not
  std::string work;              ///< overlay's, beside tree.upper
  std::vector<ViewMount> mounts;
};

/// Opens the top, to be used with kernel/in_root.h alone: links in it, and mounts, are the container's. This process is
/// root of the container's user namespace then, if it has one; of one that does not run, in a mount namespace of its
/// own. Errors: those of open(2), setns(2), unshare(2) and mount(2).
Result<Fd> open_container_view(const ContainerView& view);

}  // namespace caisson::changes
