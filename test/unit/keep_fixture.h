// A process that is kept, for the tests of keep().
#pragma once

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>

#include "keeper/keep.h"
#include "keeper_fixture.h"

namespace caisson::keeper {

// The process that is kept, on three pipes.
class KeepTest : public testing::Test {
 protected:
  // Starts `body` as the process to be kept, with its pipes as 0, 1 and 2.
  template <class Body>
  void start(Body body) {
    Pipe input = make_pipe();
    Pipe output = make_pipe();
    Pipe error = make_pipe();
    kept_.pid = fork_child([&] {
      ::dup2(input.reader.get(), 0);
      ::dup2(output.writer.get(), 1);
      ::dup2(error.writer.get(), 2);
      for (Pipe* pipe : {&input, &output, &error, &output_, &error_}) *pipe = Pipe();
      return body();
    });
    kept_.input = std::move(input.writer);
    kept_.output = std::move(output.reader);
    kept_.error = std::move(error.reader);
  }
  void copy_to_caller() {
    kept_.to_output = output_.writer.get();
    kept_.to_error = error_.writer.get();
  }
  std::string output() {
    output_.writer = Fd();
    return read_all(output_.reader.get());
  }
  std::string error() {
    error_.writer = Fd();
    return read_all(error_.reader.get());
  }

  const TemporaryDirectory directory_;
  const std::string log_path_ = directory_ / "log";
  Pipe output_ = make_pipe();
  Pipe error_ = make_pipe();
  Pipe cue_ = make_pipe();
  Kept kept_;
};

// The same on a terminal.
class KeepTerminalTest : public KeepTest {
 protected:
  template <class Body>
  void start_in_terminal(Body body) {
    int ends[2]{};
    ASSERT_EQ(::openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr), 0);
    kept_.terminal = Fd(ends[0]);
    const Fd slave(ends[1]);
    Pipe ready = make_pipe();
    kept_.pid = fork_child([&] {
      ::close(kept_.terminal.get());
      ::setsid();
      ::ioctl(slave.get(), TIOCSCTTY, 0);
      for (const int standard : {0, 1, 2}) ::dup2(slave.get(), standard);
      ::close(slave.get());
      write_all(ready.writer.get(), "!");
      return body();
    });
    EXPECT_TRUE(await(ready.reader.get()));
  }
};

}  // namespace caisson::keeper
