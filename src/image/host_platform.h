// The platform of this host.
#pragma once

#include "image/platform.h"

namespace caisson::image {

/// By the machine of uname(2): that of the kernel, or what personality(2) makes of it.
Platform host_platform();

}  // namespace caisson::image
