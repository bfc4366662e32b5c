// What a container is given by its caller, and what its caller is given of it.
#pragma once

#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "runtime/launch.h"

namespace caisson::runtime {

/// The caller's own standard streams, as descriptors above 2.
struct Streams {
  Fd input;
  Fd output;
  Fd error;
  Descriptors borrowed() const { return {.input = input.get(), .output = output.get(), .error = error.get()}; }
};
Result<Streams> own_streams();

/// A connection to the stream socket at `path` (--console-socket, --pidfd-socket), whose length does not matter.
Result<Fd> connect_to(const std::string& path);

/// Sends `descriptor` over it, with `name` as the message's text.
Result<> send_descriptor(const Fd& socket, std::string_view name, const Fd& descriptor);

}  // namespace caisson::runtime
