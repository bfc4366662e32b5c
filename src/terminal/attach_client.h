// Being attached to a container that a monitor keeps: the client's side of keeper/protocol.h.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace caisson::terminal {

/// What is attached to what.
struct Attachment {
  Fd connection;   ///< from connect()
  int input = 0;   ///< borrowed, as the other two; -1: the container gets no input from here
  int output = 1;  ///< -1: what it writes there is dropped
  int error = 2;
  bool terminal =
      false;  ///< the container has a terminal: raw mode, and its size follows that of `input` (or of `output`)
  bool redraw = false;      ///< make a program that is already running in it paint its screen anew
  bool end_input = false;   ///< the end of `input` closes the container's input, if that is a pipe
  std::string detach_keys;  ///< as bytes, from parse_detach_keys(); looked for only in a terminal's input
  int signals_to = -1;  ///< pidfd of the container's process: signals go on to it, as docker's --sig-proxy does; -1:
                        ///< they end this process, after the terminal was put back
};

/// How an attachment came to its end.
struct Attached {
  enum class End {
    kEnded,     ///< the container has ended, all its output was written, and it is cleaned up
    kDetached,  ///< the detach keys were typed; the container goes on
    kLost,      ///< the keeper is gone, or has left this client behind because it did not read
    kGivenUp,   ///< a signal came for the container when that had ended, but its end was not told yet
  };
  End end = End::kLost;
  int wait_status = 0;   ///< of the container, for kEnded
  int output_error = 0;  ///< an errno, if the keeper could not read all of the output
};

/// A connection to the keeper that listens at `socket`, greeted: from here on nothing the container says is missed,
/// even if the keeper ends before it is listened to. A client that waits loses no output: the container is held back
/// instead (`caisson run`); one that keeps up is left behind when it takes nothing for Clients::kPatienceMs (`caisson
/// attach`).
enum class Pace { kWaits, kKeepsUp };
Result<Fd> connect(const std::string& socket, Pace pace);

/// Copies in both directions until one of the three ends. The terminal is as it was when this returns. Errors: those of
/// raw mode, and of writing the output ("write(standard output): Broken pipe").
Result<Attached> attach(Attachment attachment);

}  // namespace caisson::terminal
