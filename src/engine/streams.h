// The pipes between a process in a container and its keeper.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "runtime/launch.h"

namespace caisson::engine {

struct Streams {
  // The container's ends.
  Fd inside_input;
  Fd inside_output;
  Fd inside_error;
  // The keeper's ends; there is no input where nobody feeds it.
  Fd input;
  Fd output;
  Fd error;

  runtime::Descriptors inside() const {
    return {.input = inside_input.get(), .output = inside_output.get(), .error = inside_error.get()};
  }
  /// The container's ends are the container's: as long as one is open here, no end of file is seen.
  void close_inside();
};

enum class Input { kNone, kPipe };

/// Pipes for all three; without a keeper's input the container reads from /dev/null.
Result<Streams> make_streams(Input input);

/// The three as /dev/null: for a process that nobody listens to.
Result<Streams> make_silence();

/// The caller's own three descriptors.
Result<Streams> share_own();

}  // namespace caisson::engine
