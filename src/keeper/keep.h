// Keeping a container: what lasts as long as it runs.
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/fd.h"
#include "keeper/checks.h"
#include "keeper/log_file.h"
#include "keeper/signals.h"

namespace caisson::keeper {

/// A running process of a container with everything that leads in and out of it. keep() reads what is here, and closes
/// what it owns (the Fds) as it is used up.
struct Kept {
  pid_t pid = -1;  ///< a child of the caller
  Fd pidfd;        ///< of it; opened by keep() if there is none

  // The container's side: the far ends of its three pipes, each only if it has one; or its terminal's master.
  Fd input;
  Fd output;
  Fd error;
  Fd terminal;

  // The caller's side, borrowed and never closed; -1: none. With a terminal, its size follows that of `from_input`.
  int from_input = -1;
  int to_output = -1;
  int to_error = -1;

  LogSettings log;
  CheckSettings check;
  Fd listener;  ///< listening, not blocking (socket.h): those who connect are attached, as protocol.h draws it

  unsigned timeout_seconds = 0;  ///< SIGKILL after so long, as podman's --timeout; 0: never
  int stop_signal = 0;  ///< what the process is sent for a SIGTERM, by which a host that goes down ends all that it has
  int stop_timeout_s = -1;                  ///< SIGKILL so long after that; -1: never
  Forwarding forwarding = Forwarding::kOn;  ///< of the signals that reach the caller; kOff leaves them to the caller
  int output_error = 0;        ///< set by keep(): an errno, if output was lost while somebody still read it
  bool told_to_end = false;    ///< set by keep(): SIGTERM has come, as from systemd that ends all it has of a login
  bool leave_clients = false;  ///< waiting clients stay connected through the caller's next exec (Clients::leave_open)
};

/// Copies, logs, serves and forwards until the process has ended and its output has been delivered; returns its wait
/// status as wait(2) gives it, or nothing (with errno) if it cannot be waited for.
///
/// - Output is read only as fast as `to_output`, `to_error` and waiting clients take it: who blocks them blocks the
///   container, as without caisson. The log and clients that do not wait block nobody.
/// - When `to_output` is closed at its far end, the container goes on for the log and the clients; if there is neither,
///   its pipe is closed too, so that it hears of it (SIGPIPE).
/// - Output still in the pipes when the process has ended is delivered, even if other processes hold them open: what is
///   there, up to 1 MiB. A SIGTERM, SIGINT, SIGHUP or SIGQUIT at this point gives up the rest.
/// - End of file at `from_input` closes the container's input; a terminal has no such end.
std::optional<int> keep(Kept& kept);

}  // namespace caisson::keeper
