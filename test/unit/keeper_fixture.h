// What the tests of keepers share: pipes, forked children, files of their own.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "base/fd.h"

namespace caisson {

struct Pipe {
  Fd reader;
  Fd writer;
};

inline Pipe make_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  return Pipe{.reader = Fd(ends[0]), .writer = Fd(ends[1])};
}

// A child that runs `body` and exits with what that returns.
template <class Body>
pid_t fork_child(Body body) {
  const pid_t pid = ::fork();
  EXPECT_GE(pid, 0);
  if (pid == 0) ::_exit(body());
  return pid;
}

inline int wait_for(pid_t pid) {
  int status = -1;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return status;
}

inline bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// Everything up to the end of the file.
inline std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> piece;
  for (ssize_t length; (length = ::read(fd, piece.data(), piece.size())) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(length));
  }
  return text;
}

// Waits for one byte; false at the end of the file. How these tests wait for one another.
inline bool await(int fd) {
  char byte = 0;
  return ::read(fd, &byte, 1) == 1;
}

// Bytes that show it if one is lost, doubled or moved.
inline std::string numbered_bytes(std::size_t length) {
  std::string text;
  for (int i = 0; text.size() < length; ++i) text += std::to_string(i) + (i % 10 == 9 ? '\n' : ' ');
  text.resize(length);
  return text;
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = testing::TempDir() + "caisson.XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

inline std::string contents(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace caisson
