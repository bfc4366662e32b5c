// System containers whose first process is sysvinit: what it is asked for is written to a FIFO (init(8), initreq.h).
#pragma once

#include <sys/types.h>

namespace caisson::engine {

/// Asks the first process `pid` of a container for runlevel 0, as `telinit 0` does; gives whether it is sysvinit, which
/// reads /run/initctl, and has been asked. By signals it only does what its inittab says, and Debian's says nothing
/// that halts it.
bool ask_sysvinit_to_halt(pid_t pid);

}  // namespace caisson::engine
