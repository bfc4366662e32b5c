// What a container sees as its root filesystem, looked at from outside.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "changes/container_tree.h"

namespace caisson::changes {

/// Opens the directory, or an overlay of the layers and what is above them, mounted read-only in a mount namespace that
/// this process enters for it. What a container that runs has mounted in its own view is not in this one; what it
/// changes meanwhile may be seen or not. Errors: those of unshare(2) and mount(2).
Result<Fd> open_shown_root(const ContainerTree& tree);

}  // namespace caisson::changes
