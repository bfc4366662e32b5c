#include "keeper/keep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/poll.h>
#include <sys/prctl.h>

#include "keep_fixture.h"
#include "keeper/pidfd.h"
#include "keeper_fixture.h"

namespace caisson::keeper {
namespace {

TEST_F(KeepTest, CopiesBothOutputsAndReturnsTheStatus) {
  start([] { return write_all(1, "out") && write_all(2, "err") ? 3 : 1; });
  copy_to_caller();
  EXPECT_EQ(keep(kept_), 3 << 8);
  EXPECT_EQ(output(), "out");
  EXPECT_EQ(error(), "err");
}

TEST_F(KeepTest, WritesTheLog) {
  start([] { return write_all(2, "err\n") && write_all(1, "out\n") ? 0 : 1; });
  kept_.log.path = log_path_.c_str();
  EXPECT_EQ(keep(kept_), 0);
  const std::string log = contents(log_path_);
  EXPECT_THAT(log, testing::HasSubstr(" stdout F out\n"));
  EXPECT_THAT(log, testing::HasSubstr(" stderr F err\n"));
}

TEST_F(KeepTest, MakesNoLogOfNothing) {
  start([] { return 0; });
  kept_.log.path = log_path_.c_str();
  EXPECT_EQ(keep(kept_), 0);
  EXPECT_FALSE(std::filesystem::exists(log_path_));
}

TEST_F(KeepTest, CopiesTheInputToItsEnd) {
  start([] { return write_all(1, read_all(0)) ? 0 : 1; });
  copy_to_caller();
  const std::string text = numbered_bytes(50'000);
  Pipe input = make_pipe();
  ASSERT_TRUE(write_all(input.writer.get(), text));
  input.writer = Fd();
  kept_.from_input = input.reader.get();
  EXPECT_EQ(keep(kept_), 0);
  EXPECT_EQ(output(), text);
}

TEST_F(KeepTest, GoesOnWhenItsInputIsNotWanted) {
  start([] {
    ::close(0);
    return 4;
  });
  Pipe input = make_pipe();
  ASSERT_TRUE(write_all(input.writer.get(), numbered_bytes(50'000)));
  kept_.from_input = input.reader.get();  // and its writer stays open
  EXPECT_EQ(keep(kept_), 4 << 8);
}

TEST_F(KeepTest, ForwardsSignals) {
  const sigset_t former = hold_signals();
  // The signals are blocked in the child from its birth: it takes the first that comes.
  start([] {
    const sigset_t all = forwarded_signals();
    int signal = 0;
    sigwait(&all, &signal);
    return signal;
  });
  ::raise(SIGUSR1);
  EXPECT_EQ(keep(kept_), SIGUSR1 << 8);
  sigprocmask(SIG_SETMASK, &former, nullptr);
}

TEST_F(KeepTest, LeavesSignalsAsTheyWere) {
  start([] { return 0; });
  sigset_t before;
  sigset_t after;
  sigprocmask(SIG_BLOCK, nullptr, &before);
  EXPECT_EQ(keep(kept_), 0);
  sigprocmask(SIG_BLOCK, nullptr, &after);
  for (int signal = 1; signal < NSIG; ++signal) EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal));
}

TEST_F(KeepTest, ReturnsHowASignalEndedIt) {
  start([] { return ::raise(SIGKILL); });
  EXPECT_EQ(keep(kept_), SIGKILL);
}

TEST_F(KeepTest, KillsWhenTheTimeIsOver) {
  start([] { return ::pause(); });
  kept_.timeout_seconds = 1;
  EXPECT_EQ(keep(kept_), SIGKILL);
}

// More than fits into one pipe, less than into two: the process ends while the caller's pipe is full.
TEST_F(KeepTest, WaitsForASlowCaller) {
  const std::string text = numbered_bytes(100'000);
  start([&] { return write_all(1, text) ? 0 : 1; });
  copy_to_caller();
  const Fd process = open_pidfd(kept_.pid);
  const pid_t reader = fork_child([&] {
    pollfd ended{.fd = process.get(), .events = POLLIN, .revents = 0};
    ::poll(&ended, 1, -1);
    output_.writer = Fd();
    return read_all(output_.reader.get()) == text ? 0 : 1;
  });
  EXPECT_EQ(keep(kept_), 0);
  output_.writer = Fd();
  EXPECT_EQ(wait_for(reader), 0);
}

TEST_F(KeepTest, GivesUpOnADeafCallerWhenAsked) {
  const sigset_t former = hold_signals();
  start([] { return write_all(1, numbered_bytes(100'000)) ? 0 : 1; });
  copy_to_caller();
  const Fd process = open_pidfd(kept_.pid);
  const pid_t keeper = ::getpid();
  const pid_t impatient = fork_child([&] {
    pollfd ended{.fd = process.get(), .events = POLLIN, .revents = 0};
    ::poll(&ended, 1, -1);
    // Until it has been reaped, a signal is the container's.
    while (::kill(kept_.pid, 0) == 0) ::sched_yield();
    return ::kill(keeper, SIGTERM);
  });
  EXPECT_EQ(keep(kept_), 0);
  EXPECT_EQ(wait_for(impatient), 0);
  sigprocmask(SIG_SETMASK, &former, nullptr);
}

// By the signal it is to be stopped by; where that does not help it is killed.
TEST_F(KeepTest, StopsTheProcessWhenToldToEnd) {
  const sigset_t former = hold_signals();
  start([&] {
    sigset_t known;
    sigemptyset(&known);
    sigaddset(&known, SIGUSR1);
    int signal = 0;
    return sigwait(&known, &signal) == 0 ? 9 : 1;
  });
  kept_.stop_signal = SIGUSR1;
  ::kill(::getpid(), SIGTERM);
  EXPECT_EQ(keep(kept_), 9 << 8);
  EXPECT_TRUE(kept_.told_to_end);
  sigprocmask(SIG_SETMASK, &former, nullptr);
}

TEST_F(KeepTest, KillsWhatDoesNotStop) {
  const sigset_t former = hold_signals();
  start([] {
    for (;;) ::pause();
    return 0;
  });
  kept_.stop_signal = SIGUSR1;  // held back, and never looked at
  kept_.stop_timeout_s = 0;
  ::kill(::getpid(), SIGTERM);
  EXPECT_EQ(keep(kept_), SIGKILL);
  sigprocmask(SIG_SETMASK, &former, nullptr);
}

TEST_F(KeepTest, DoesNotWaitForOthersWhoHoldThePipe) {
  Pipe& cue = cue_;
  start([&] {
    const pid_t orphan = fork_child([&] {
      cue.writer = Fd();
      await(cue.reader.get());
      return 0;
    });
    return orphan > 0 && write_all(1, "last") ? 0 : 1;
  });
  copy_to_caller();
  EXPECT_EQ(keep(kept_), 0);
  EXPECT_EQ(output(), "last");
  cue_.writer = Fd();  // the orphan goes
}

TEST_F(KeepTest, LogsOnWhenTheCallerHasGone) {
  const std::string text = numbered_bytes(200'000);
  start([&] { return write_all(1, text) ? 0 : 1; });
  copy_to_caller();
  output_.reader = Fd();
  kept_.log.path = log_path_.c_str();
  EXPECT_EQ(keep(kept_), 0);
  EXPECT_GT(contents(log_path_).size(), text.size());
}

TEST_F(KeepTest, ClosesThePipeThatNobodyWants) {
  start([] {
    while (write_all(1, "more")) {
    }
    return 0;
  });
  copy_to_caller();
  output_.reader = Fd();
  EXPECT_EQ(keep(kept_), SIGPIPE);
}

TEST_F(KeepTest, ReadsOnWithoutAnyone) {
  start([] { return write_all(1, numbered_bytes(200'000)) ? 0 : 1; });
  EXPECT_EQ(keep(kept_), 0);
}

TEST_F(KeepTest, FailsForSomebodyElsesChild) {
  kept_.pid = ::getppid();
  kept_.pidfd = open_pidfd(fork_child([] { return 0; }));
  EXPECT_EQ(keep(kept_), std::nullopt);
  EXPECT_EQ(errno, ECHILD);
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
}

TEST_F(KeepTerminalTest, CopiesItsOutput) {
  start_in_terminal([] { return write_all(1, "one\n") && write_all(2, "two\n") ? 5 : 1; });
  copy_to_caller();
  EXPECT_EQ(keep(kept_), 5 << 8);
  EXPECT_EQ(output(), "one\r\ntwo\r\n");
}

// Whether a process sleeps, as proc_pid_stat(5) tells.
bool sleeps(pid_t pid) {
  const std::string stat = contents("/proc/" + std::to_string(pid) + "/stat");
  return stat.find(") S ") != std::string::npos;
}

TEST_F(KeepTerminalTest, IsThereForWhoClosesAndOpensIt) {
  const pid_t keeper = ::getpid();
  start_in_terminal([&] {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const std::string name = ::ttyname(1);
    write_all(1, "one");
    for (const int standard : {0, 1, 2}) ::close(standard);
    // The keeper hears of the last user's going; when it waits again, it has not taken that for the end.
    while (!sleeps(keeper)) ::sched_yield();
    const int again = ::open(name.c_str(), O_RDWR | O_NOCTTY);
    return again >= 0 && write_all(again, "two") ? 0 : 1;
  });
  copy_to_caller();
  EXPECT_EQ(keep(kept_), 0);
  EXPECT_EQ(output(), "onetwo");
}

TEST_F(KeepTerminalTest, FollowsTheCallersSize) {
  const sigset_t former = hold_signals();
  int ends[2]{};
  const winsize first{.ws_row = 33, .ws_col = 99, .ws_xpixel = 0, .ws_ypixel = 0};
  const winsize second{.ws_row = 44, .ws_col = 111, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(::openpty(&ends[0], &ends[1], nullptr, nullptr, &first), 0);
  const Fd master(ends[0]);
  const Fd slave(ends[1]);
  start_in_terminal([&] {
    // Born with SIGWINCH blocked, it waits for one per size.
    const auto await_size = [](const winsize& size) {
      sigset_t resized;
      sigemptyset(&resized);
      sigaddset(&resized, SIGWINCH);
      winsize seen{};
      for (int signal = 0; seen.ws_row != size.ws_row || seen.ws_col != size.ws_col; ::ioctl(0, TIOCGWINSZ, &seen)) {
        sigwait(&resized, &signal);
      }
    };
    await_size(first);
    write_all(cue_.writer.get(), "!");
    await_size(second);
    return 6;
  });
  kept_.from_input = slave.get();
  const pid_t keeper = ::getpid();
  const pid_t resizer = fork_child([&] {
    await(cue_.reader.get());
    ::ioctl(master.get(), TIOCSWINSZ, &second);
    return ::kill(keeper, SIGWINCH);
  });
  EXPECT_EQ(keep(kept_), 6 << 8);
  EXPECT_EQ(wait_for(resizer), 0);
  sigprocmask(SIG_SETMASK, &former, nullptr);
}

}  // namespace
}  // namespace caisson::keeper
