// What the image has where a file system or a volume is mounted, copied into that.
#pragma once

#include "execute/act.h"

namespace caisson::execute {

/// Copies what is at `target` (in the container's root) into `made`, which is to be mounted there: a new file system,
/// or a directory of the host (Mount::tree), which gets it only if it is empty, and once, however many begin with it.
/// What the options say of the top itself goes over what the image has.
Outcome copy_up(const plan::Mount& step, int target, int made, Context& context) noexcept;

}  // namespace caisson::execute
