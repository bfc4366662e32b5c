// Real cgroups of a test's own on a host with cgroup v1, as root.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cgroup/removal.h"

namespace caisson::cgroup {

constexpr const char* kControllers[] = {"blkio", "cpu", "cpuacct", "cpuset", "devices", "freezer", "memory", "pids"};

inline void put(const std::string& path, std::string_view value) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0) << path;
  EXPECT_EQ(::write(fd, value.data(), value.size()), static_cast<ssize_t>(value.size()))
      << path << ": " << std::strerror(errno);
  ::close(fd);
}

class RealCgroup : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0 || !std::filesystem::exists("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
      GTEST_SKIP() << "needs root and cgroup v1";
    for (const char* controller : kControllers) {
      const std::string directory = fmt::format("/sys/fs/cgroup/{}/caisson-test-{}", controller, ::getpid());
      if (::mkdir(directory.c_str(), 0755) == 0) directories_.push_back(directory);
    }
    ASSERT_EQ(directories_.size(), std::size(kControllers));
    put(in("cpuset") + "/cgroup.clone_children", "1");
    for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
      std::string value;
      std::getline(std::ifstream(std::string("/sys/fs/cgroup/cpuset/") + file), value);
      put(in("cpuset") + "/" + file, value);
    }
  }
  void TearDown() override {
    EXPECT_TRUE(kill_and_remove(directories_).has_value());
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    for (const std::string& directory : directories_) EXPECT_FALSE(std::filesystem::exists(directory)) << directory;
  }

  static std::string in(const char* controller) {
    return fmt::format("/sys/fs/cgroup/{}/caisson-test-{}", controller, ::getpid());
  }

  // A process in the cgroup's `below` in every hierarchy, that does `work` and then sleeps.
  template <class Work>
  pid_t start(const std::string& below, Work work) {
    for (const std::string& directory : directories_) std::filesystem::create_directories(directory + below);
    int ready[2];
    EXPECT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      for (const std::string& directory : directories_) put(directory + below + "/cgroup.procs", "0");
      (void)!::write(ready[1], "", 1);
      work();
      for (;;) ::pause();
    }
    ::close(ready[1]);
    char byte;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    return pid;
  }

  static void expect_killed(pid_t pid) {
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  }

  std::vector<std::string> directories_;
};

}  // namespace caisson::cgroup
