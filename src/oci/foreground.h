// Waiting for a process as its foreground command: signals go to it, its terminal is shown, its end is ours.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"

namespace caisson::oci {

/// Blocks the signals that await_end() passes on. To be called before the process is made, which unblocks them for
/// itself.
void hold_signals();

enum class Reap { kItAlone, kAll };

/// Waits until the child `pid` has ended, and passes on every signal that this process gets (all but SIGCHLD and
/// SIGURG). With a `terminal`, its master, this process's standard streams are connected to it meanwhile, in raw mode
/// where they are a terminal, and its size follows. kAll: reaps other children too. Returns the exit status: 128+n of
/// signal n.
Result<int> await_end(pid_t pid, Fd terminal, Reap reap);

/// The terminal that this process's user sits at: its standard input if that is one, else its controlling terminal.
Fd own_terminal();

}  // namespace caisson::oci
