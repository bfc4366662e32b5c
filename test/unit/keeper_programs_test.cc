// The two programs that are there as long as a container: the monitor and the init.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/socket.h>

#include <vector>

#include <fmt/format.h>

#include "keeper/protocol.h"
#include "keeper/socket.h"
#include "keeper_fixture.h"

namespace caisson::keeper {
namespace {

// Executes a program; what is in `argv` lives as long as the call.
int execute(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  ::execv(argv[0], argv.data());
  return 99;
}

std::string inherited(const char* option, const Fd& fd) {
  ::fcntl(fd.get(), F_SETFD, 0);
  return fmt::format("--{}={}", option, fd.get());
}

class MonitorTest : public testing::Test {
 protected:
  // Runs a monitor that keeps a shell with `script`, as whoever makes a container does. Its clean-up writes the
  // status that it was given into a file.
  pid_t monitor(const std::string& script, const std::vector<std::string>& more, Fd* listener = nullptr) {
    return fork_child([&] {
      Pipe input = make_pipe();
      Pipe output = make_pipe();
      Pipe error = make_pipe();
      const pid_t pid = fork_child([&] {
        ::dup2(input.reader.get(), 0);
        ::dup2(output.writer.get(), 1);
        ::dup2(error.writer.get(), 2);
        return execute({"/bin/sh", "-c", script});
      });
      std::vector<std::string> arguments = {MONITOR_PROGRAM,
                                            fmt::format("--pid={}", pid),
                                            inherited("input", input.writer),
                                            inherited("output", output.reader),
                                            inherited("error", error.reader),
                                            "--log=" + (directory_ / "log")};
      if (listener != nullptr) arguments.push_back(inherited("listener", *listener));
      arguments.insert(arguments.end(), more.begin(), more.end());
      for (const char* argument : {"--", "/bin/sh", "-c", "echo $1 >$2; exit 7", "sh", "{status}"}) {
        arguments.emplace_back(argument);
      }
      arguments.push_back(directory_ / "status");
      return execute(arguments);
    });
  }
  const TemporaryDirectory directory_;
};

TEST_F(MonitorTest, KeepsLogsAndCleansUp) {
  EXPECT_EQ(wait_for(monitor("echo out; echo err >&2; exit 3", {})), 7 << 8) << "the clean-up's own status";
  EXPECT_EQ(contents(directory_ / "status"), "768\n");
  EXPECT_THAT(contents(directory_ / "log"), testing::HasSubstr(" stdout F out\n"));
  EXPECT_THAT(contents(directory_ / "log"), testing::HasSubstr(" stderr F err\n"));
}

TEST_F(MonitorTest, RotatesTheLog) {
  wait_for(monitor("echo a; echo b; echo c", {"--log-bytes=50", "--log-files=2"}));
  EXPECT_THAT(contents(directory_ / "log"), testing::EndsWith(" stdout F c\n"));
  EXPECT_THAT(contents(directory_ / "log.1"), testing::EndsWith(" stdout F b\n"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "log.2"));
}

TEST_F(MonitorTest, HoldsNoPipeOfItsCaller) {
  Pipe stdout_pipe = make_pipe();
  auto listener = listen_for_clients(directory_ / "attach");
  ASSERT_TRUE(listener);
  const int former = ::fcntl(1, F_DUPFD_CLOEXEC, 0);
  ::dup2(stdout_pipe.writer.get(), 1);
  const pid_t pid = monitor("read line", {}, &*listener);
  ::dup2(former, 1);
  ::close(former);
  stdout_pipe.writer = Fd();
  EXPECT_EQ(read_all(stdout_pipe.reader.get()), "") << "would not return while the container runs";

  auto client = connect_to_keeper(directory_ / "attach");
  ASSERT_TRUE(client);
  const char end = static_cast<char>(Message::kInputEnd);
  ASSERT_EQ(::send(client->get(), &end, 1, 0), 1);
  wait_for(pid);
}

TEST_F(MonitorTest, EndsClientsOnceItHasCleanedUp) {
  auto listener = listen_for_clients(directory_ / "attach");
  ASSERT_TRUE(listener);
  auto client = connect_to_keeper(directory_ / "attach");
  ASSERT_TRUE(client);
  const char hello[] = {static_cast<char>(Message::kHello), kWaits};
  ASSERT_EQ(::send(client->get(), hello, sizeof hello, 0), 2);
  const pid_t pid = monitor("echo out", {}, &*listener);
  *listener = Fd();
  std::vector<std::string> packets;
  std::array<char, 100> packet;
  for (ssize_t length; (length = ::recv(client->get(), packet.data(), packet.size(), 0)) > 0;) {
    packets.emplace_back(packet.data(), static_cast<std::size_t>(length));
  }
  EXPECT_EQ(contents(directory_ / "status"), "0\n");
  EXPECT_THAT(packets, testing::ElementsAre("\x41out\n", std::string("\x43\0\0\0\0", 5)));
  wait_for(pid);
}

struct UsageCase {
  const char* name;
  std::vector<std::string> arguments;
};
class MonitorUsageTest : public testing::TestWithParam<UsageCase> {};
TEST_P(MonitorUsageTest, IsRefused) {
  const int status = wait_for(fork_child([] {
    std::vector<std::string> arguments = {MONITOR_PROGRAM};
    arguments.insert(arguments.end(), GetParam().arguments.begin(), GetParam().arguments.end());
    return execute(arguments);
  }));
  EXPECT_EQ(status, 125 << 8);
}
INSTANTIATE_TEST_SUITE_P(Usage, MonitorUsageTest,
                         testing::Values(UsageCase{"no_pid", {}}, UsageCase{"no_number", {"--pid=1x"}},
                                         UsageCase{"empty", {"--pid="}}, UsageCase{"negative", {"--pid=-1"}},
                                         UsageCase{"too_large", {"--pid=99999999999"}},
                                         UsageCase{"unknown", {"--pid=1", "--colour=1"}},
                                         UsageCase{"relative_log", {"--pid=1", "--log=log"}}),
                         [](const auto& row) { return std::string(row.param.name); });

struct InitCase {
  const char* name;
  std::vector<std::string> command;
  int code;
  const char* message;
};
class InitTest : public testing::TestWithParam<InitCase> {};
TEST_P(InitTest, EndsAsItsCommandDid) {
  Pipe message = make_pipe();
  const pid_t pid = fork_child([&] {
    ::dup2(message.writer.get(), 2);
    std::vector<std::string> arguments = {INIT_PROGRAM};
    arguments.insert(arguments.end(), GetParam().command.begin(), GetParam().command.end());
    return execute(arguments);
  });
  message.writer = Fd();
  EXPECT_EQ(wait_for(pid), GetParam().code << 8);
  EXPECT_EQ(read_all(message.reader.get()), GetParam().message);
}
INSTANTIATE_TEST_SUITE_P(
    Commands, InitTest,
    testing::Values(InitCase{"success", {"--", "true"}, 0, ""}, InitCase{"status", {"sh", "-c", "exit 3"}, 3, ""},
                    InitCase{"killed", {"sh", "-c", "kill -9 $$"}, 137, ""},
                    InitCase{"missing", {"--", "/no/such"}, 127, "caisson init: /no/such: No such file or directory\n"},
                    InitCase{
                        "not_executable", {"--", "/etc/passwd"}, 126, "caisson init: /etc/passwd: Permission denied\n"},
                    InitCase{"no_command", {"--"}, 125, "caisson init: usage: init [--] COMMAND [ARGUMENT ...]\n"},
                    InitCase{"no_signal_blocked", {"grep", "-q", "^SigBlk:.0*$", "/proc/self/status"}, 0, ""}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Init, PassesSignalsOnAndReaps) {
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  const pid_t init = fork_child([&] {
    ::dup2(input.reader.get(), 0);
    ::dup2(output.writer.get(), 1);
    // An orphan that ends at once, then a command that goes on until a signal comes.
    return execute({INIT_PROGRAM, "--", "sh", "-c", "(true & echo $!); exec cat"});
  });
  input.reader = Fd();
  output.writer = Fd();
  std::string orphan;
  for (char c = 0; ::read(output.reader.get(), &c, 1) == 1 && c != '\n';) orphan += c;
  // Reaped, it is not even a zombie any more.
  while (std::filesystem::exists("/proc/" + orphan)) ::sched_yield();
  EXPECT_EQ(::kill(init, SIGUSR1), 0);
  EXPECT_EQ(wait_for(init), (128 + SIGUSR1) << 8);
}

TEST(Init, PutsItsCommandInTheForeground) {
  int master = -1;
  const pid_t init = ::forkpty(&master, nullptr, nullptr, nullptr);
  ASSERT_GE(init, 0);
  if (init == 0) {
    ::_exit(execute({INIT_PROGRAM, "--", "sh", "-c",
                     "read pid name state parent group session tty foreground rest </proc/$$/stat;"
                     "[ $pid = $group ] && [ $group = $foreground ] && [ $group != $session ]"}));
  }
  EXPECT_EQ(wait_for(init), 0);
  ::close(master);
}

}  // namespace
}  // namespace caisson::keeper
