#include "engine/streams.h"

#include <fcntl.h>

#include "kernel/files.h"

namespace caisson::engine {

namespace {

// Above 2 in any case: the container's process puts them there itself.
Result<Fd> lifted(Fd fd) {
  if (fd.get() > 2) return fd;
  return kernel::duplicate(fd.get());
}

Result<void> make_pair(Fd& read, Fd& write) {
  kernel::Pipe pipe = TRY(kernel::make_pipe());
  read = TRY(lifted(std::move(pipe.read)));
  write = TRY(lifted(std::move(pipe.write)));
  return {};
}

}  // namespace

void Streams::close_inside() {
  inside_input = Fd();
  inside_output = Fd();
  inside_error = Fd();
}

Result<Streams> make_streams(Input input) {
  Streams streams;
  if (input == Input::kPipe) {
    TRY(make_pair(streams.inside_input, streams.input));
  } else {
    streams.inside_input = TRY(lifted(TRY(kernel::open_file("/dev/null", O_RDONLY))));
  }
  TRY(make_pair(streams.output, streams.inside_output));
  TRY(make_pair(streams.error, streams.inside_error));
  return streams;
}

Result<Streams> make_silence() {
  Streams streams;
  streams.inside_input = TRY(lifted(TRY(kernel::open_file("/dev/null", O_RDONLY))));
  streams.inside_output = TRY(lifted(TRY(kernel::open_file("/dev/null", O_WRONLY))));
  streams.inside_error = TRY(kernel::duplicate(streams.inside_output.get()));
  return streams;
}

Result<Streams> share_own() {
  Streams streams;
  streams.inside_input = TRY(kernel::duplicate(0));
  streams.inside_output = TRY(kernel::duplicate(1));
  streams.inside_error = TRY(kernel::duplicate(2));
  return streams;
}

}  // namespace caisson::engine
