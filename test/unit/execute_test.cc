#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fstream>

#include "base/text.h"
#include "execute/act.h"
#include "execute_fixture.h"
#include "temporary_directory.h"

namespace caisson::execute {
namespace {

// --- programs --------------------------------------------------------------------------------------------------------

TEST_F(Execute, RunsAProgram) {
  Script script;
  script.spawn();
  script.ready();
  script.exec({"/bin/true"});
  auto started = run(script.plan);
  ASSERT_TRUE(started);
  EXPECT_GT(started->pid, 0);
  EXPECT_TRUE(started->pidfd);
  EXPECT_FALSE(started->terminal);
  EXPECT_FALSE(started->channel);
  EXPECT_EQ(::fcntl(started->pidfd.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_TRUE(kernel::wait_until_gone(started->pidfd.get(), -1));
  EXPECT_EQ(*kernel::wait_for(started->pid), 0);
}

TEST_F(Execute, PassesArgumentsAndEnvironment) {
  Script script;
  script.spawn();
  script.ready();
  script.exec({"/bin/sh"},
              {"sh", "-c", "test \"$A\" = b && test \"$1\" = '' && test \"$2\" = two && exit 7", "sh", "", "two"});
  EXPECT_EQ(status_of(script.plan), 7 << 8);
}

TEST_F(Execute, StartsAProgramWithSignalsAsTheyAre) {
  struct sigaction ignore{}, before{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGTERM, &ignore, &before);
  Script script;
  script.spawn();
  script.ready();
  script.shell("kill -TERM $$; exit 3");
  EXPECT_EQ(status_of(script.plan), SIGTERM);
  ::sigaction(SIGTERM, &before, nullptr);
}

TEST_F(Execute, SaysWhichCommandIsMissing) {
  Script script;
  script.spawn();
  script.ready();
  const std::size_t step = script.exec({std::string(kMissing), "/nonexistent/too"});
  expect_failure(failure_of(script.plan), Lane::kChild, step, Call::kExecve, ENOENT);
}

TEST_F(Execute, GoesAlongThePathAsAShellDoes) {
  const TemporaryDirectory top;
  ASSERT_TRUE(kernel::write_new_file(top / "plain", "#!/bin/sh\n"));
  ASSERT_TRUE(kernel::write_new_file(top / "junk", "junk", 0755));
  struct Row {
    std::vector<std::string> candidates;
    int error;
    int operand;
  };
  const Row rows[] = {
      {{std::string(kMissing), "/bin/true"}, 0, 0},
      {{top / "plain", "/bin/true"}, 0, 0},
      {{top / "plain/below", "/bin/true"}, 0, 0},
      {{std::string(kMissing), top / "plain", std::string(kMissing)}, EACCES, 1},
      {{top / "junk", "/bin/true"}, ENOEXEC, 0},
  };
  for (const Row& row : rows) {
    Script script;
    script.spawn();
    script.ready();
    const std::size_t step = script.exec(row.candidates);
    if (row.error == 0) {
      EXPECT_EQ(status_of(script.plan), 0);
      continue;
    }
    const Failure failure = failure_of(script.plan);
    expect_failure(failure, Lane::kChild, step, Call::kExecve, row.error);
    EXPECT_EQ(failure.what.operand, row.operand);
  }
}

// --- failures --------------------------------------------------------------------------------------------------------

TEST_F(Execute, ReportsAFailureOfTheChild) {
  Script script;
  script.spawn();
  script.child(SetAttribute{.attribute = Attribute::kNewSession});
  const std::size_t step = script.child(WriteFile{.path = script.text(kMissing)});
  script.ready();
  script.exec({"/bin/true"});
  expect_failure(failure_of(script.plan), Lane::kChild, step, Call::kOpen, ENOENT);
}

TEST_F(Execute, ReportsAFailureOfItsOwnAndClonesNothing) {
  Script script;
  const std::size_t step = script.parent(OpenFile{.path = script.text(kMissing), .slot = script.plan.new_slot("file")});
  script.spawn();
  script.ready();
  script.exec({"/bin/true"});
  bool examined = false;
  expect_failure(failure_of(script.plan, [&](const Failure&, pid_t) { examined = true; }), Lane::kParent, step,
                 Call::kOpen, ENOENT);
  EXPECT_FALSE(examined);
}

TEST_F(Execute, EndsAChildThatWaitsWhenItFailsItself) {
  Script script;
  script.spawn();
  const std::size_t step = script.parent(OpenFile{.path = script.text(kMissing), .slot = script.plan.new_slot("file")});
  script.parent(Signal{Tag::kPrepared});
  script.child(Await{Tag::kPrepared});
  script.ready();
  script.exec({"/bin/true"});
  expect_failure(failure_of(script.plan), Lane::kParent, step, Call::kOpen, ENOENT);
}

TEST_F(Execute, TakesBackWhatItMadeOnTheHost) {
  const TemporaryDirectory top;
  Script script;
  script.parent(MakeMountSource{.path = script.text(top / "directory"), .directory = true}, Undo::kRemove);
  script.parent(
      MakeMountSource{.path = script.text(top / "directory/hosts"), .content = script.text("::1 localhost\n")},
      Undo::kRemove);
  script.spawn();
  script.child(WriteFile{.path = script.text(kMissing)});
  script.ready();
  script.exec({"/bin/true"});
  std::string content;
  const Failure failure = failure_of(
      script.plan, [&](const Failure&, pid_t) { content = kernel::read_file(top / "directory/hosts").value_or(""); });
  EXPECT_EQ(content, "::1 localhost\n");
  EXPECT_THAT(failure.undo, IsEmpty());
  EXPECT_THAT(*kernel::list_directory(top.path()), IsEmpty());
}

struct FallbackCase {
  const char* name;
  const char* second;
  int leads;
  int error;
  int alternative;
};

TEST_F(Execute, TakesTheSecondAlternativeForItsErrnosAlone) {
  const FallbackCase cases[] = {
      {"taken", "/", ENOENT, 0, 0},
      {"not for another errno", "/", EPERM, ENOENT, 0},
      {"fails in its turn", "/bin/sh", ENOENT, ENOTDIR, 1},
  };
  for (const FallbackCase& row : cases) {
    SCOPED_TRACE(row.name);
    Script script;
    script.spawn();
    Step& step = script.child_step(ChangeDirectory{.path = script.text(kMissing)});
    script.plan.add_fallback(step, ChangeDirectory{.path = script.text(row.second)}, {row.leads});
    script.ready();
    script.shell("test \"$(pwd)\" = / && exit 5");
    if (row.error == 0) {
      EXPECT_EQ(status_of(script.plan), 5 << 8);
    } else {
      expect_failure(failure_of(script.plan), Lane::kChild, 0, Call::kChdir, row.error, row.alternative);
    }
  }
}

TEST_F(Execute, KnowsAChildThatDiesWithoutAWord) {
  const TemporaryDirectory top;
  ASSERT_TRUE(kernel::write_new_file(top / "file", ""));
  Script script;
  script.spawn();
  script.child(SetAttribute{.attribute = Attribute::kLimit, .which = RLIMIT_FSIZE, .value = 0, .second = 0});
  script.child(WriteFile{.path = script.text(top / "file"), .value = script.text("x")});  // SIGXFSZ
  script.ready();
  script.exec({"/bin/true"});
  bool examined = false;
  const Failure failure = failure_of(script.plan, [&](const Failure&, pid_t) { examined = true; });
  expect_failure(failure, Lane::kParent, 1, Call::kProtocol, 0);
  ASSERT_TRUE(failure.wait_status);
  EXPECT_TRUE(WIFSIGNALED(*failure.wait_status));
  EXPECT_EQ(WTERMSIG(*failure.wait_status), SIGXFSZ);
  EXPECT_FALSE(examined);
}

TEST_F(Execute, KnowsAChildThatDiesBeforeItReadsWhatItIsTold) {
  const TemporaryDirectory top;
  ASSERT_TRUE(kernel::write_new_file(top / "file", ""));
  Script script;
  script.spawn();
  script.parent(Signal{Tag::kPrepared});
  script.child(SetAttribute{.attribute = Attribute::kLimit, .which = RLIMIT_FSIZE, .value = 0, .second = 0});
  script.child(WriteFile{.path = script.text(top / "file"), .value = script.text("x")});
  script.child(Await{Tag::kPrepared});
  script.ready();
  script.exec({"/bin/true"});
  for (int i = 0; i < 20; ++i) {  // whether the word arrives before the death or after it
    const Failure failure = failure_of(script.plan);
    EXPECT_EQ(call_name(failure.what.call), call_name(Call::kProtocol));
    EXPECT_EQ(failure.wait_status.value_or(0) & 0x7f, SIGXFSZ);
  }
}

// What is seen of the child through /proc while it is examined.
struct Seen {
  int times = 0;
  pid_t pid = -1;
  char state = '?';
  std::string root;
  Examine examine() {
    return [this](const Failure&, pid_t child) {
      ++times;
      pid = child;
      if (const auto stat = kernel::process_stat(child)) state = stat->state;
      root = kernel::read_link("/proc/" + std::to_string(child) + "/root").value_or("");
    };
  }
};

TEST_F(Execute, ExaminesTheChildWhereItStands) {
  Script script;
  script.spawn();
  script.child(WriteFile{.path = script.text(kMissing)});
  script.ready();
  script.exec({"/bin/true"});
  Seen seen;
  (void)failure_of(script.plan, seen.examine());
  EXPECT_EQ(seen.times, 1);
  EXPECT_GT(seen.pid, 0);
  EXPECT_THAT(seen.state, testing::AnyOf('S', 'R'));
  EXPECT_EQ(seen.root, "/");
  EXPECT_FALSE(kernel::process_stat(seen.pid));
}

TEST_F(Execute, AFailedChildStandsThoughItWasToldToGoOn) {
  Script script;
  script.spawn();
  script.parent(Signal{Tag::kPrepared});  // said before the failure is heard of
  script.child(WriteFile{.path = script.text(kMissing)});
  script.child(Await{Tag::kPrepared});
  script.ready();
  script.exec({"/bin/true"});
  for (int i = 0; i < 20; ++i) {
    Seen seen;
    (void)failure_of(script.plan, seen.examine());
    EXPECT_THAT(seen.state, testing::AnyOf('S', 'R'));
    EXPECT_EQ(seen.root, "/");
  }
}

// --- launcher --------------------------------------------------------------------------------------------------------

TEST_F(Execute, ALaunchersChildIsOurs) {
  Script script;
  script.launch();
  script.ready();
  script.shell("exit 4");
  EXPECT_EQ(status_of(script.plan), 4 << 8);
}

TEST_F(Execute, ReportsAFailureOfTheLauncher) {
  Script script;
  script.launch(WriteFile{.path = script.text(kMissing)});
  script.ready();
  script.exec({"/bin/true"});
  Seen seen;
  expect_failure(failure_of(script.plan, seen.examine()), Lane::kLauncher, 0, Call::kOpen, ENOENT);
  EXPECT_EQ(seen.times, 1);
  EXPECT_EQ(seen.pid, 0);
}

TEST_F(Execute, ReportsAFailureOfALaunchedChild) {
  Script script;
  script.launch();
  const std::size_t step = script.child(ChangeDirectory{.path = script.text(kMissing)});
  script.ready();
  script.exec({"/bin/true"});
  for (int i = 0; i < 20; ++i) {
    Seen seen;
    expect_failure(failure_of(script.plan, seen.examine()), Lane::kChild, step, Call::kChdir, ENOENT);
    EXPECT_GT(seen.pid, 0);
  }
}

// --- create, then start ----------------------------------------------------------------------------------------------

// A socket that a process waits at, and those that start it connect to.
class StartSocket {
 public:
  StartSocket() : listener_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
    address_.sun_family = AF_UNIX;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof(sa_family_t)), 0);  // any
    EXPECT_EQ(::listen(listener_.get(), 1), 0);
    EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address_), &size_), 0);
  }
  int listener() const { return listener_.get(); }
  Fd connect() const {
    Fd connection(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address_), size_), 0);
    return connection;
  }

 private:
  Fd listener_;
  sockaddr_un address_{};
  socklen_t size_ = sizeof address_;
};

// A plan whose child waits to be started, and then does `last`.
class WaitingScript : public Script {
 public:
  explicit WaitingScript(const std::function<void(Script&)>& last) {
    spawn();
    ready();
    child(AwaitStart{plan.give_slot(kSlotStart)});
    last(*this);
  }
  auto run(const StartSocket& socket) {
    Executor executor(plan);
    executor.give(kSlotStart, socket.listener());
    return executor.run({});
  }
};

TEST_F(Execute, WaitsToBeStartedByAnother) {
  const StartSocket socket;
  WaitingScript script([](Script& s) { s.shell("exit 6"); });
  auto created = script.run(socket);
  ASSERT_TRUE(created);
  ASSERT_TRUE(let_wait(std::move(created->channel)));
  {
    const Fd without_a_word = socket.connect();
  }
  EXPECT_FALSE(kernel::wait_until_gone(created->pidfd.get(), 0));
  EXPECT_TRUE(start_waiting(socket.connect(), created->pid, {}));
  EXPECT_EQ(*kernel::wait_for(created->pid), 6 << 8);
}

TEST_F(Execute, TellsWhoStartsItWhatFails) {
  const StartSocket socket;
  std::size_t step = 0;
  WaitingScript script([&](Script& s) { step = s.child(ChangeDirectory{.path = s.text(kMissing)}); });
  auto created = script.run(socket);
  ASSERT_TRUE(created);
  ASSERT_TRUE(let_wait(std::move(created->channel)));
  pid_t seen = 0;
  const auto started = start_waiting(socket.connect(), created->pid, [&](const Failure&, pid_t pid) { seen = pid; });
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().what.step, step);
  EXPECT_EQ(started.error().what.call, Call::kChdir);
  EXPECT_EQ(started.error().what.error, ENOENT);
  EXPECT_EQ(seen, created->pid);
  EXPECT_NE(*kernel::wait_for(created->pid), 0);
}

TEST_F(Execute, EndsIfNobodyRecordsIt) {
  const StartSocket socket;
  WaitingScript script([](Script& s) { s.shell("exit 0"); });
  auto created = script.run(socket);
  ASSERT_TRUE(created);
  created->channel = Fd();
  EXPECT_NE(*kernel::wait_for(created->pid), 0);
}

TEST_F(Execute, LooksForAProgramBeforeItIsExecuted) {
  const auto find = [this](std::initializer_list<std::string_view> places) {
    Script script;
    script.spawn();
    std::vector<std::string> candidates(places.begin(), places.end());
    script.child(FindProgram{.candidates = script.plan.add(candidates), .arguments = script.plan.add(candidates)});
    script.ready();
    script.shell("exit 0");
    return failure_of(script.plan).what.error;
  };
  EXPECT_EQ(find({"/nonexistent", "/nonexistent/sh"}), ENOENT);
  EXPECT_EQ(find({"/etc/passwd", "/nonexistent/sh"}), EACCES);
  EXPECT_EQ(find({"/etc"}), EACCES);
}

// --- times -----------------------------------------------------------------------------------------------------------

TEST_F(Execute, TimesEveryStepThatComesBack) {
  Script script;
  script.launch();
  script.child(SetAttribute{.attribute = Attribute::kUmask, .value = 022});
  script.ready();
  script.exec({"/bin/true"});
  Executor executor(script.plan);
  executor.time_steps();
  const auto started = executor.run({});
  ASSERT_TRUE(started);
  EXPECT_EQ(*kernel::wait_for(started->pid), 0);
  std::array<std::size_t, kLanes> counted{};
  for (const StepTime& time : executor.step_times()) {
    EXPECT_EQ(time.step, counted[static_cast<std::size_t>(time.lane)]++);
    EXPECT_GE(time.nanoseconds, 0);
  }
  EXPECT_EQ(counted[0], script.plan.lane(Lane::kParent).size());
  EXPECT_EQ(counted[1], script.plan.lane(Lane::kLauncher).size());
  EXPECT_EQ(counted[2], script.plan.lane(Lane::kChild).size() - 1);  // execution does not come back
}

TEST_F(Execute, TimesNoMoreStepsThanItHasRoomFor) {
  Script script;
  script.spawn();
  for (int i = 0; i < 2 * kSlots; ++i) script.child(SetAttribute{.attribute = Attribute::kUmask, .value = 022});
  script.ready();
  script.exec({"/bin/true"});
  Executor executor(script.plan);
  executor.time_steps();
  const auto started = executor.run({});
  ASSERT_TRUE(started);
  EXPECT_EQ(*kernel::wait_for(started->pid), 0);
  EXPECT_EQ(executor.step_times().size(), script.plan.lane(Lane::kParent).size() + kSlots);
}

}  // namespace
}  // namespace caisson::execute
