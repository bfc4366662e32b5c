#include <dirent.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "allocation_tripwire.h"
#include "execute/act.h"
#include "base/text.h"
#include "execute/channel.h"
#include "execute/executor.h"
#include "kernel/files.h"
#include "kernel/processes.h"
#include "kernel/syscalls.h"
#include "plan/build.h"
#include "plan/check.h"
#include "temporary_directory.h"

namespace caisson::execute {
namespace {

using namespace plan;  // the vocabulary of the plans below
using testing::IsEmpty;

constexpr std::string_view kMissing = "/nonexistent/file";
constexpr std::uint64_t kPrivateRecursive = 1U << 18 | 1U << 14;

// A plan made by hand, with what every plan has around it.
class Script {
 public:
  Plan plan;

  Text text(std::string_view text) { return plan.add(text); }
  std::size_t parent(Action action, Undo undo = Undo::kNone) {
    plan.append(Lane::kParent, "", "", action).undo = undo;
    return plan.lane(Lane::kParent).size() - 1;
  }
  std::size_t child(Action action) {
    plan.append(Lane::kChild, "", "", action);
    return plan.lane(Lane::kChild).size() - 1;
  }
  Step& child_step(Action action) { return plan.append(Lane::kChild, "", "", action); }

  // The child, as root of a user namespace of its own if `flags` has one.
  void spawn(std::uint64_t flags = 0) {
    parent(Spawn{.lane = Lane::kChild, .flags = flags, .pid = pid_, .pidfd = pidfd_}, Undo::kKill);
    if ((flags & CLONE_NEWUSER) != 0) map_ids();
  }
  void map_ids() {
    const auto map = [&](std::uint32_t id) { return text("0 " + std::to_string(id) + " 1\n"); };
    parent(MapIds{.pid = pid_, .uid_map = map(::geteuid()), .gid_map = map(::getegid()), .deny_setgroups = true},
           Undo::kInside);
    parent(Signal{Tag::kPrepared});
    child(Await{Tag::kPrepared});
    child(SetIds{.set_groups = false, .set_capabilities = false});
  }

  // A launcher that clones the child; what it does before comes from `prepare`.
  void launch(std::optional<Action> prepare = {}) {
    parent(Spawn{.lane = Lane::kLauncher, .pid = plan.new_slot("launcher")}, Undo::kKill);
    if (prepare) plan.append(Lane::kLauncher, "", "", *prepare);
    plan.append(Lane::kLauncher, "", "",
                Spawn{.lane = Lane::kChild, .flags = CLONE_PARENT, .pid = pid_, .pidfd = pidfd_})
        .undo = Undo::kKill;
    plan.append(Lane::kLauncher, "", "", SendDescriptor{.descriptor = pidfd_, .value = pid_});
    parent(ReceiveDescriptor{.descriptor = pidfd_, .value = pid_}, Undo::kKill);
    parent(Signal{Tag::kPrepared});
    child(Await{Tag::kPrepared});
  }

  std::size_t hook(const std::string& script, std::uint32_t timeout_s = 0, Lane lane = Lane::kParent) {
    plan.append(lane, "hook", "",
                RunHook{.path = plan.add("/bin/sh"),
                        .arguments = plan.add(std::vector<std::string>{"sh", "-c", script}),
                        .environment = plan.add(std::vector<std::string>{"A=b"}),
                        .before_pid = plan.add("{\"pid\":"),
                        .after_pid = plan.add("}"),
                        .pid = lane == Lane::kParent ? pid_ : kNoSlot,
                        .timeout_s = timeout_s});
    return plan.lane(lane).size() - 1;
  }
  void ready() {
    child(Signal{Tag::kReady});
    parent(Await{Tag::kReady});
  }
  std::size_t exec(const std::vector<std::string>& candidates,
                   const std::vector<std::string>& arguments = {"program"}) {
    return child(Exec{.candidates = plan.add(candidates),
                      .arguments = plan.add(arguments),
                      .environment = plan.add(std::vector<std::string>{"A=b", "PATH=/usr/bin:/bin", "HOME="})});
  }
  void shell(const std::string& script) { exec({"/bin/sh"}, {"sh", "-c", script}); }

 private:
  Slot pid_ = plan.new_slot(kSlotPid);
  Slot pidfd_ = plan.new_slot(kSlotPidfd);
};

std::size_t open_descriptors() { return kernel::list_directory("/proc/self/fd")->size(); }

// Whatever a test does, it leaves no process and no descriptor behind.
class Execute : public testing::Test {
 protected:
  ~Execute() override {
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG | __WALL), -1) << "a process is left";
    EXPECT_EQ(errno, ECHILD);
    EXPECT_EQ(open_descriptors(), descriptors_) << "a descriptor is left";
  }

  std::expected<Started, Failure> run(const Plan& plan, const Examine& examine = {}) {
    EXPECT_THAT(broken_rules(plan), IsEmpty());
    Executor executor(plan);
    return executor.run(examine);
  }

  // The exit status of the program, or -1 if it was never executed.
  int status_of(const Plan& plan) {
    const auto started = run(plan);
    if (!started) {
      const StepFailure& what = started.error().what;
      ADD_FAILURE() << "step " << what.step << ": " << call_name(what.call) << ": " << std::strerror(what.error);
      return -1;
    }
    return *kernel::wait_for(started->pid);
  }

  Failure failure_of(const Plan& plan, const Examine& examine = {}) {
    auto started = run(plan, examine);
    if (!started) return std::move(started).error();
    ADD_FAILURE() << "the program was executed";
    (void)kernel::wait_for(started->pid);
    return {};
  }

  static void expect_failure(const Failure& failure, Lane lane, std::size_t step, Call call, int error,
                             int alternative = 0) {
    EXPECT_EQ(failure.lane, lane);
    EXPECT_EQ(failure.what.step, step);
    EXPECT_EQ(call_name(failure.what.call), call_name(call));
    EXPECT_EQ(failure.what.error, error);
    EXPECT_EQ(failure.what.alternative, alternative);
    EXPECT_THAT(failure.undo, IsEmpty());
  }

 private:
  std::size_t descriptors_ = open_descriptors();
};

bool has_user_namespaces() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
  return kernel::wait_for(child) == 0;
}

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

// --- mounts in a root filesystem that is hostile ---------------------------------------------------------------------

// The host's own files as a root filesystem, in a user namespace; `top` is a directory of the test's in both.
class MountScript : public Script {
 public:
  explicit MountScript(const TemporaryDirectory& top) : top_(top) {
    EXPECT_TRUE(kernel::make_directories(top_ / "root"));
    spawn(CLONE_NEWUSER | CLONE_NEWNS);
    child(SetPropagation{kPrivateRecursive});
    const Slot tree = open_tree("/", true);
    root_ = plan.new_slot("root");
    child(MountRoot{.tree = tree, .at = text(top_ / "root"), .root = root_});
  }
  Slot open_tree(const std::string& source, bool recursive = false, bool no_follow = false) {
    const Slot tree = plan.new_slot("tree");
    child(OpenTree{.source = text(source),
                   .recursive = recursive,
                   .propagation = kPrivateRecursive,
                   .slot = tree,
                   .no_follow = no_follow});
    return tree;
  }
  std::size_t mount(Mount step, const std::string& target) {
    step.root = root_;
    step.target = text(target);
    return child(step);
  }
  Mount tmpfs() { return {.type = text("tmpfs"), .source = text("tmpfs")}; }
  Slot root() const { return root_; }
  void finish(const std::string& script, bool move = false) {
    child(Pivot{.root = root_, .move = move});
    ready();
    shell("cd " + top_.path() + " && " + script);
  }

 private:
  const TemporaryDirectory& top_;
  Slot root_ = kNoSlot;
};

TEST_F(Execute, ATmpfsBeginsWithWhatTheImageHas) {
  const TemporaryDirectory top;
  ASSERT_TRUE(kernel::make_directories(top / "image/deep"));
  ASSERT_TRUE(kernel::write_new_file(top / "image/deep/file", "content"));
  MountScript script(top);
  Mount mount = script.tmpfs();
  mount.copy_up = true;
  script.mount(mount, top / "image");
  script.finish("test $(stat -fc %T image) = tmpfs && test $(cat image/deep/file) = content && echo x >image/deep/new");
  EXPECT_EQ(status_of(script.plan), 0);
  EXPECT_FALSE(kernel::exists(top / "image/deep/new"));
}

TEST_F(Execute, NothingIsMountedInsideProcfs) {
  const TemporaryDirectory top;
  ASSERT_EQ(::symlink("/proc/fs", (top / "link").c_str()), 0);
  for (const std::string& target : {std::string("/proc/fs"), top / "link", std::string("/proc")}) {
    MountScript script(top);
    const std::size_t step = script.mount(script.tmpfs(), target);
    script.finish("true");
    {
      SCOPED_TRACE(target);
      expect_failure(failure_of(script.plan), Lane::kChild, step, Call::kVerifyTarget, EINVAL);
    }
  }
}

TEST_F(Execute, OverProcComesOnlyAProcfs) {
  const TemporaryDirectory top;
  for (const bool is_procfs : {true, false}) {
    MountScript script(top);
    const Slot tree = script.open_tree(is_procfs ? "/proc" : "/etc", true);
    const std::size_t step = script.mount({.tree = tree, .over_proc = OverProc::kWhole}, "/proc");
    script.finish("true");
    if (is_procfs) {
      EXPECT_EQ(status_of(script.plan), 0);
    }
    if (!is_procfs) expect_failure(failure_of(script.plan), Lane::kChild, step, Call::kVerifyProcfs, EINVAL);
  }
}

TEST_F(Execute, ALinkIsMadeAgainAndCovered) {
  const TemporaryDirectory top;
  ASSERT_EQ(::symlink("some/where", (top / "link").c_str()), 0);
  ASSERT_EQ(::symlink("/etc/passwd", (top / "covered").c_str()), 0);
  ASSERT_TRUE(kernel::write_new_file(top / "file", "content"));
  MountScript script(top);
  const Slot link = script.open_tree(top / "link", false, true);
  script.mount({.tree = link, .copy_link = true}, top / "made");
  const Slot file = script.open_tree(top / "file");
  script.mount({.tree = file, .no_follow = true}, top / "covered");
  script.finish("test $(readlink made) = some/where && test ! -L covered && test $(cat covered) = content");
  EXPECT_EQ(status_of(script.plan), 0);
  EXPECT_EQ(*kernel::read_link(top / "made"), "some/where");
}

TEST_F(Execute, AHostsDeviceIsBoundIfItIsTheOne) {
  const TemporaryDirectory top;
  for (const std::uint32_t minor : {3U, 5U}) {
    MountScript script(top);
    const std::size_t step = script.child(BindDevice{
        .root = script.root(), .path = script.text("/dev/null"), .mode = S_IFCHR | 0666U, .major = 1, .minor = minor});
    script.finish("test -c /dev/null");
    if (minor == 3) {
      EXPECT_EQ(status_of(script.plan), 0);
    }
    if (minor != 3) expect_failure(failure_of(script.plan), Lane::kChild, step, Call::kVerifyDevice, ENODEV);
  }
}

TEST_F(Execute, TheRootIsMovedWhereItCannotBePivotedInto) {
  const TemporaryDirectory top;
  ASSERT_TRUE(kernel::write_new_file(top / "file", "content"));
  MountScript script(top);
  script.finish("test $(cat file) = content && test -e /proc/self/status", true);
  EXPECT_EQ(status_of(script.plan), 0);
}

// --- resctrl: a directory like the kernel's --------------------------------------------------------------------------

class ResctrlScript : public Script {
 public:
  explicit ResctrlScript(JoinResctrlGroup step, const std::string& directory, const std::vector<std::string>& lines) {
    spawn();
    step.directory = text(directory);
    step.schemata = plan.add(lines);
    step.pid = plan.find_slot(kSlotPid);
    step.made = plan.new_slot("made");
    number = parent(step, Undo::kRemove);
    ready();
    exec({"/bin/true"});
  }
  std::size_t number = 0;
};

TEST_F(Execute, AResctrlGroupThatExistsHasToAgree) {
  const TemporaryDirectory top;
  ASSERT_TRUE(kernel::make_directories(top / "gold"));
  ASSERT_TRUE(kernel::write_new_file(top / "gold/schemata", "    L3:0=0f;1=ff\n"));
  ASSERT_TRUE(kernel::write_new_file(top / "gold/tasks", ""));
  const JoinResctrlGroup shared{.may_make = true, .is_shared = true};
  EXPECT_EQ(status_of(ResctrlScript(shared, top / "gold", {"L3:1=FF\n"}).plan), 0);
  EXPECT_GT(parse_unsigned(*kernel::read_file(top / "gold/tasks")).value_or(0), 0U);
  const ResctrlScript other(shared, top / "gold", {"L3:0=f\n", "L3:0=ff\n"});
  const Failure failure = failure_of(other.plan);
  expect_failure(failure, Lane::kParent, other.number, Call::kVerifySchemata, EINVAL);
  EXPECT_EQ(failure.what.operand, 1);
  EXPECT_TRUE(kernel::exists(top / "gold/tasks"));
}

TEST_F(Execute, AResctrlGroupIsWrittenMadeOrMissed) {
  const TemporaryDirectory top;
  ASSERT_TRUE(kernel::make_directories(top / "box"));
  ASSERT_TRUE(kernel::write_new_file(top / "box/schemata", ""));
  ASSERT_TRUE(kernel::write_new_file(top / "box/tasks", ""));
  EXPECT_EQ(status_of(ResctrlScript({.may_make = true}, top / "box", {"L3:0=f\n"}).plan), 0);
  EXPECT_EQ(*kernel::read_file(top / "box/schemata"), "L3:0=f\n");
  const ResctrlScript missing({.is_shared = true}, top / "none", {});
  expect_failure(failure_of(missing.plan), Lane::kParent, missing.number, Call::kOpen, ENOENT);
  // The kernel fills the directory that is made; here nobody does.
  const ResctrlScript made({.may_make = true}, top / "new", {"L3:0=f\n"});
  expect_failure(failure_of(made.plan), Lane::kParent, made.number, Call::kOpen, ENOENT);
  EXPECT_FALSE(kernel::exists(top / "new")) << "what was made is removed";
}

// --- a whole container, and no allocation ----------------------------------------------------------------------------

TEST_F(Execute, TheTripwireSeesAnAllocation) {
  if (!tripwire_works()) GTEST_SKIP() << "a sanitizer's allocator cannot be watched";
  for (const bool allocates : {true, false}) {
    const Tripwire tripwire;
    struct clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    const pid_t child = kernel::clone3(arguments);
    if (child == 0) {
      ::close(2);  // its words are for other tests
      if (allocates) {
        char* volatile text = new char[100];
        delete[] text;
      }
      ::_exit(0);
    }
    EXPECT_EQ(*kernel::wait_for(child), allocates ? kTripped << 8 : 0);
  }
}

// A container from the host's own files, in namespaces of its own, made as any user may: with every kind of step that
// does not take the host's privilege.
class ContainerScript : public Script {
 public:
  explicit ContainerScript(const std::string& at) {
    for (const std::string_view stream : {kSlotInput, kSlotOutput, kSlotError})
      streams_.push_back(plan.give_slot(stream));
    const Slot host_file = plan.new_slot("a file");
    procfs_ = plan.new_slot("procfs");
    parent(OpenFile{.path = text("/proc"), .flags = O_PATH | O_DIRECTORY, .slot = procfs_});
    parent(OpenFile{.path = text("/proc/self/status"), .flags = O_RDONLY, .slot = host_file});
    spawn(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC);
    process();
    root(at);
    mounts();
    terminal();
    protect();
    program();
  }

 private:
  void process() {
    child(SetAttribute{.attribute = Attribute::kNewSession});
    child(SetAttribute{.attribute = Attribute::kKeyring, .value = 0x3f1b0000, .name = text("_ses.box")});
    child(SetAffinity{});
    child(MakeTimeNamespace{.offsets = text("monotonic 1000000 0\nboottime 1000000 0\n")});
    child(Unshare{CLONE_NEWCGROUP});
    child(BringUpLoopback{});
    child(SetHostname{.hostname = text("box"), .domainname = text("example.org")});
    child(WriteFile{.path = text("/proc/self/oom_score_adj"), .value = text("500")});
  }
  void root(const std::string& at) {
    child(SetPropagation{kPrivateRecursive});
    const Slot tree = plan.new_slot("tree");
    child(OpenTree{.source = text("/"), .recursive = true, .propagation = kPrivateRecursive, .slot = tree});
    for (Slot* null : {&null_, &hidden_}) {
      *null = plan.new_slot("null");
      child(OpenTree{.source = text("/dev/null"), .propagation = 1U << 18, .slot = *null});
    }
    root_ = plan.new_slot("root");
    child(MountRoot{.tree = tree, .at = text(at), .root = root_});
  }
  void filesystem(std::string_view type, std::string_view target, const std::vector<std::string>& options,
                  bool may_be_refused) {
    Mount mount{
        .root = root_, .type = text(type), .source = text(type), .target = text(target), .options = plan.add(options)};
    if (type == "proc") mount.over_proc = OverProc::kWhole;
    Step& step = child_step(mount);
    if (!may_be_refused) return;
    mount.type = mount.source = text("tmpfs");  // where the host's own is covered in part (mount_namespaces(7))
    plan.add_fallback(step, mount, {EPERM});
  }
  void mounts() {
    filesystem("tmpfs", "/dev", {"mode=755", "size=1m"}, false);
    filesystem("devpts", "/dev/pts", {"newinstance", "ptmxmode=0666", "mode=0620"}, false);
    filesystem("mqueue", "/dev/mqueue", {}, false);
    filesystem("tmpfs", "/tmp", {}, false);
    filesystem("proc", "/proc", {}, true);
    filesystem("sysfs", "/sys", {}, true);
    child(Mount{
        .root = root_, .tree = null_, .target = text("/dev/null"), .set = MOUNT_ATTR_NOEXEC, .propagation = 1U << 18});
    child(MakeDevice{.root = root_, .path = text("/dev/fifo"), .mode = S_IFIFO | 0640U});
    child(MakeLink{.root = root_, .path = text("/dev/fd"), .target = text("/proc/self/fd")});
  }
  void terminal() {
    child(ConnectStreams{.input = streams_[0], .output = streams_[1], .error = streams_[2]});
    const Slot master = plan.new_slot(kSlotTerminal);
    child(Console{.root = root_, .master = master, .height = 24, .width = 80, .bind_console = true});
    child(SendDescriptor{.descriptor = master});
    parent(ReceiveDescriptor{.descriptor = master});
  }
  void protect() {
    child(Pivot{root_});
    child(ChangeRoot{root_});
    const Slot empty = plan.new_slot("empty");
    child(OpenTree{.type = text("tmpfs"),
                   .options = plan.add(std::vector<std::string>{"nr_inodes=2"}),
                   .set = MOUNT_ATTR_RDONLY,
                   .slot = empty});
    for (const char* path : {"/etc/passwd", "/etc/group", "/var", "/home", "/nonexistent/path"}) {
      child(Mask{.root = root_, .null = hidden_, .empty = empty, .path = text(path)});
    }
    child(MakeReadOnly{.root = root_, .path = text("/etc")});
    child(MakeReadOnly{.root = root_, .path = text("/tmp"), .remount = true});
  }
  void program() {
    child(SetAttribute{.attribute = Attribute::kNotDumpable});
    child(SetAttribute{.attribute = Attribute::kLimit, .which = RLIMIT_CORE, .value = 0, .second = 0});
    child(SetAttribute{.attribute = Attribute::kUmask, .value = 0027});
    child(FindHome{.uid = 0, .variable = 2});
    child(SetScheduler{.policy = 3, .nice = 5});
    child(SetAttribute{.attribute = Attribute::kIoPriority, .which = 2, .value = 3});
    child(SetAttribute{.attribute = Attribute::kPersonality, .value = 8});
    child(SetAffinity{.processors = plan.add(std::vector<std::uint32_t>(2, ~0U))});
    child(SetMemoryPolicy{.mode = 3, .nodes = plan.add(std::vector<std::uint32_t>{1})});
    child(SetAttribute{.attribute = Attribute::kNoNewPrivileges});
    child(CloseDescriptors{.from = 3});
    const Text directory = text("/dev/made/for/it");
    child(ChangeDirectory{.path = directory, .first_try = true});
    child(RestrictFiles{.paths = plan.add(std::vector<std::string>{"/", "/dev/null"}),
                        .rights = plan.add(std::vector<std::uint32_t>(2, 0xffff))});
    child(SetIds{.set_groups = false, .bounding = 1, .effective = 1, .permitted = 1});
    child(SetAttribute{.attribute = Attribute::kDeathSignal, .value = SIGKILL});
    child(ChangeDirectory{.path = directory});
    ready();
    exec({std::string(kMissing), "/bin/sh"}, {"sh", "-c", R"sh(
      test $$ = 1 || exit 11
      test "$(uname -n)" = box || exit 12
      test "$(umask)" = 0027 || exit 13
      test "$(pwd)" = /dev/made/for/it || exit 14
      test -c /dev/null || exit 15
      test -p /dev/fifo || exit 16
      test -L /dev/fd || exit 17
      test ! -f /etc/passwd || exit 18
      test -z "$(ls -A /var)" || exit 19
      ! touch /tmp/file || exit 20
      ! touch /etc/file || exit 21
      test -t 0 || exit 22
      test "$(stty size)" = '24 80' || exit 23
      test "$(ulimit -c)" = 0 || exit 24
      test ! -e /proc/self/status || grep -q '^CapEff:.*0001$' /proc/self/status || exit 25
      test -c /dev/console || exit 26
      test "$HOME" = / || exit 27
      test "$(uname -m)" = i686 || test "$(uname -m)" != x86_64 || exit 28
      test ! -e /proc/uptime || test "$(cut -d. -f1 /proc/uptime)" -ge 1000000 || exit 29
      echo fine)sh"});
  }

  std::vector<Slot> streams_;
  Slot root_ = kNoSlot;
  Slot null_ = kNoSlot;
  Slot hidden_ = kNoSlot;
  Slot procfs_ = kNoSlot;
};

bool write_text(const std::string& path, const std::string& text) {
  return static_cast<bool>(std::ofstream(path) << text << std::flush);
}

// --- what a process asks for itself ----------------------------------------------------------------------------------

// Runs `script` in a shell, after `steps`.
Plan shell_after(const std::vector<std::function<Action(Plan&)>>& steps, const std::string& script) {
  Script made;
  made.spawn();
  for (const auto& step : steps) made.child(step(made.plan));
  made.ready();
  made.shell(script);
  return std::move(made.plan);
}

Action processors(Plan& plan, std::vector<std::uint32_t> words) {
  return SetAffinity{.processors = plan.add(std::move(words))};
}

TEST_F(Execute, BindsToProcessorsAndSetsFree) {
  cpu_set_t before{}, first{};
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  int number = 0;
  while (!CPU_ISSET(number, &before)) ++number;
  CPU_SET(number, &first);
  const std::string list = "grep -qx 'Cpus_allowed_list:.*[^0-9]" + std::to_string(number) + "' /proc/self/status";
  std::vector<std::uint32_t> words(static_cast<std::size_t>(number / 32 + 1));
  words[static_cast<std::size_t>(number / 32)] = 1U << (number % 32);
  EXPECT_EQ(status_of(shell_after({[&](Plan& p) { return processors(p, words); }}, list)), 0);

  if (CPU_COUNT(&before) < 2) GTEST_SKIP() << "one processor only";
  ASSERT_EQ(::sched_setaffinity(0, sizeof first, &first), 0);
  const int bound = status_of(shell_after({}, list));
  const int free = status_of(shell_after({[](Plan&) -> Action { return SetAffinity{}; }}, list));
  ::sched_setaffinity(0, sizeof before, &before);
  EXPECT_EQ(bound, 0) << "it has its caller's";
  EXPECT_EQ(free, 1 << 8) << "it has its caller's still";
}

TEST_F(Execute, ReportsProcessorsThatAreNotThere) {
  Script script;
  script.spawn();
  std::vector<std::uint32_t> words(256);
  words[255] = 1;  // the 8161st
  const std::size_t step = script.child(processors(script.plan, words));
  script.ready();
  script.exec({"/bin/true"});
  expect_failure(failure_of(script.plan), Lane::kChild, step, Call::kSchedSetaffinity, EINVAL);
}

TEST_F(Execute, SchedulesAsItIsAsked) {
  const auto plan = shell_after({[](Plan&) -> Action { return SetScheduler{.policy = 3, .nice = 5}; },
                                 [](Plan&) -> Action {
                                   return SetAttribute{.attribute = Attribute::kIoPriority, .which = 2, .value = 3};
                                 }},
                                "set -- $(cat /proc/$$/stat); test ${19} = 5 && test ${41} = 3 || exit 3; "
                                "test \"$(ionice -p $$)\" = 'best-effort: prio 3'");
  EXPECT_EQ(status_of(plan), 0);
}

TEST_F(Execute, ReportsASchedulerThatCannotBe) {
  Script script;
  script.spawn();
  const std::size_t step = script.child(SetScheduler{.policy = 4});
  script.ready();
  script.exec({"/bin/true"});
  expect_failure(failure_of(script.plan), Lane::kChild, step, Call::kSchedSetattr, EINVAL);
}

TEST_F(Execute, TakesMemoryAndThePersonalityAsItIsAsked) {
  const auto plan = shell_after({[](Plan& p) -> Action {
                                   return SetMemoryPolicy{.mode = 3, .nodes = p.add(std::vector<std::uint32_t>{1})};
                                 },
                                 [](Plan&) -> Action {
                                   return SetAttribute{.attribute = Attribute::kPersonality, .value = 8};
                                 }},
                                "test ! -e /proc/self/numa_maps || grep -q interleave:0 /proc/self/numa_maps || exit 3; "
                                "test \"$(cat /proc/$$/personality)\" = 00000008");
  EXPECT_EQ(status_of(plan), 0);
}

TEST_F(Execute, ReportsAMemoryPolicyThatCannotBe) {
  Script script;
  script.spawn();
  const std::size_t step =
      script.child(SetMemoryPolicy{.mode = 2, .nodes = script.plan.add(std::vector<std::uint32_t>(32, 0x80000000))});
  script.ready();
  script.exec({"/bin/true"});
  const Failure failure = failure_of(script.plan);
  EXPECT_EQ(failure.what.step, step);
  EXPECT_EQ(call_name(failure.what.call), "set_mempolicy");
}

TEST_F(Execute, WritesLabelsToProcfsAlone) {
  const TemporaryDirectory fake;
  for (const char* directory : {"thread-self", "thread-self/attr"}) ::mkdir((fake / directory).c_str(), 0755);
  ASSERT_TRUE(write_text(fake / "thread-self/attr/exec", ""));
  for (const std::string& procfs : {fake.path(), std::string("/proc")}) {
    Script script;
    const Slot slot = script.plan.new_slot("procfs");
    script.parent(OpenFile{.path = script.text(procfs), .flags = O_PATH | O_DIRECTORY, .slot = slot});
    script.spawn();
    const std::size_t step = script.child(
        SetLabel{.label = Label::kAppArmor, .value = script.text("exec no-such-profile-here"), .procfs = slot});
    script.ready();
    script.exec({"/bin/true"});
    const Failure failure = failure_of(script.plan);
    if (procfs != "/proc") expect_failure(failure, Lane::kChild, step, Call::kVerifyProcfs, EXDEV);
    // No host has it: the kernel has been asked, and has said so.
    if (procfs == "/proc") {
      EXPECT_THAT(call_name(failure.what.call), testing::AnyOf("write", "openat2"));
    }
  }
  EXPECT_EQ(*kernel::read_file(fake / "thread-self/attr/exec"), "");
}

// What FindHome makes of a file of users, in a root of its own; nothing where none can be made.
std::optional<std::string> home_in(const std::string& root, std::uint32_t uid) {
  int ends[2];
  if (::pipe(ends) != 0) return std::nullopt;
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWUSER) != 0 || ::chroot(root.c_str()) != 0 || ::chdir("/") != 0) ::_exit(1);
    Context context;
    char* variables[] = {nullptr, nullptr};
    context.pointers.environment = variables;
    if (!act(FindHome{.uid = uid, .variable = 0}, context).ok()) ::_exit(2);
    ::_exit(::write(ends[1], variables[0], std::strlen(variables[0])) < 0 ? 3 : 0);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[8192];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  return kernel::wait_for(child) == 0 ? std::optional(text) : std::nullopt;
}

TEST_F(Execute, FindsAHome) {
  if (!has_user_namespaces()) GTEST_SKIP() << "no user namespaces on this host";
  struct Row {
    std::string passwd;
    std::uint32_t uid;
    std::string home;
  };
  const std::string longest(kLongestHome - 1, 'a');
  const Row rows[] = {
      {"root:x:0:0:root:/root:/bin/sh\nu:x:5:5::/home/u:/bin/sh\n", 5, "/home/u"},
      {"root:x:0:0:root:/root:/bin/sh\nu:x:5:5::/home/u:/bin/sh\n", 0, "/root"},
      {"root:x:0:0:root:/root:/bin/sh\n", 7, "/"},
      {"u:x:5:5::/home/u", 5, "/home/u"},                                // neither shell nor line break
      {"u:x:5:5::/first:\nv:x:5:5::/second:\n", 5, "/first"},
      {"u:x:5:5:::\nv:x:5:5::/second:\n", 5, "/"},
      {"u:x:5\nv:x:6:6::/v:\n", 5, "/"},
      {":::::\n\n+::::::\nu:x:05:5::/home/u:\n", 5, "/home/u"},
      {"u:x:4294967301:5::/wrapped:\nu:x:-5:5::/minus:\nu:x:5x:5::/x:\nu:x: 5:5::/blank:\n", 5, "/"},
      {"u:x:4294967295:5::/last:\n", 4294967295, "/last"},
      {"u:x:18446744073709551621:5::/wrapped:\n", 5, "/"},
      {"u:x:5:5:" + std::string(100'000, 'c') + ":/home/u:\n", 5, "/home/u"},
      {"u:x:5:5::/" + longest + ":\n", 5, "/" + longest},
      {"u:x:5:5::/a" + longest + ":\n", 5, "/"},
      {"", 0, "/"},
  };
  const TemporaryDirectory root;
  ::mkdir((root / "etc").c_str(), 0755);
  const std::string file = root / "etc/passwd";
  EXPECT_EQ(home_in(root.path(), 0), "HOME=/") << "without a file";
  for (const Row& row : rows) {
    ASSERT_TRUE(write_text(file, row.passwd));
    EXPECT_EQ(home_in(root.path(), row.uid), "HOME=" + row.home) << row.passwd.substr(0, 100);
  }
}

TEST_F(Execute, FindsNoHomeInWhatIsNoFileOfTheRoot) {
  if (!has_user_namespaces()) GTEST_SKIP() << "no user namespaces on this host";
  const TemporaryDirectory root;
  ::mkdir((root / "etc").c_str(), 0755);
  const std::string file = root / "etc/passwd";
  ASSERT_EQ(::mkfifo(file.c_str(), 0644), 0);
  EXPECT_EQ(home_in(root.path(), 0), "HOME=/") << "nobody writes to the pipe";
  ASSERT_EQ(::unlink(file.c_str()), 0);
  ASSERT_EQ(::symlink("../../../../../../etc/passwd", file.c_str()), 0);
  EXPECT_EQ(home_in(root.path(), 0), "HOME=/") << "a link to itself, for whoever is inside";
  ASSERT_EQ(::unlink(file.c_str()), 0);
  // Without end, as far as a reader gets.
  const int sparse = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  ASSERT_EQ(::ftruncate(sparse, off_t{1} << 40), 0);
  ::close(sparse);
  EXPECT_EQ(home_in(root.path(), 0), "HOME=/");
}

TEST_F(Execute, GivesTheProgramItsHome) {
  Script script;
  script.spawn();
  script.child(FindHome{.uid = 4'000'000'000, .variable = 1});
  script.ready();
  script.child(Exec{.candidates = script.plan.add(std::vector<std::string>{"/bin/sh"}),
                    .arguments = script.plan.add(std::vector<std::string>{"sh", "-c", "test $HOME = / && test $A = b"}),
                    .environment = script.plan.add(std::vector<std::string>{"A=b", "HOME="})});
  EXPECT_EQ(status_of(script.plan), 0);
}

bool has_landlock() { return kernel::landlock_version() > 0; }

TEST_F(Execute, KeepsAProcessToItsFiles) {
  if (!has_landlock()) GTEST_SKIP() << "no Landlock on this host";
  const TemporaryDirectory top;
  for (const char* name : {"in", "out"}) {
    ::mkdir((top / name).c_str(), 0755);
    ASSERT_TRUE(write_text(top / name + "/file", "text"));
  }
  const auto plan = shell_after(
      {[](Plan&) -> Action { return SetAttribute{.attribute = Attribute::kNoNewPrivileges}; },
       [&](Plan& p) -> Action {
         // As caisson.landlock.execute for the programs, read for one directory and write for a file.
         return RestrictFiles{
             .paths = p.add(std::vector<std::string>{"/usr", "/bin", "/lib", "/etc/ld.so.cache", top / "in",
                                                     top / "in/file"}),
             .rights = p.add(std::vector<std::uint32_t>{0xd, 0xd, 0xd, 0xd, 0xc, 0xfff2})};
       }},
      "cd " + top.path() +
          " || exit 2; cat in/file >&- 2>&-; read -r text <in/file; test \"$text\" = text || exit 3; "
          "! { true <out/file; } 2>&- || exit 4; ls out 2>&- && exit 5; true >in/file || exit 6; "
          "! { true >in/other; } 2>&- || exit 7; ! rm in/file 2>&- || exit 8; ! { true <>/dev/null; } 2>&- || exit 9");
  EXPECT_EQ(status_of(plan), 0);
}

TEST_F(Execute, ReportsFilesThatAreNotThere) {
  if (!has_landlock()) GTEST_SKIP() << "no Landlock on this host";
  Script script;
  script.spawn();
  const std::size_t step =
      script.child(RestrictFiles{.paths = script.plan.add(std::vector<std::string>{"/usr", std::string(kMissing)}),
                                 .rights = script.plan.add(std::vector<std::uint32_t>{1, 1})});
  script.ready();
  script.exec({"/bin/true"});
  const Failure failure = failure_of(script.plan);
  expect_failure(failure, Lane::kChild, step, Call::kOpenat2, ENOENT);
  EXPECT_EQ(failure.what.operand, 1);
}

TEST_F(Execute, JoinsAKeyringByItsName) {
  if (!kernel::exists("/proc/keys")) GTEST_SKIP() << "no list of keys on this host";
  const std::string name = "_ses.caisson-unit-" + std::to_string(::getpid());
  const auto keyring = [&](Plan& p) -> Action {
    return SetAttribute{.attribute = Attribute::kKeyring, .value = 0x3f1b0000, .name = p.add(name)};
  };
  // The first holds it while the second looks for it: one of that name, with the permissions that let it be found.
  Script first;
  first.spawn();
  first.child(keyring(first.plan));
  first.ready();
  first.shell("exec sleep 100");
  auto started = run(first.plan);
  ASSERT_TRUE(started);
  EXPECT_EQ(status_of(shell_after({keyring}, "test \"$(grep -c '3f1b0000 .* " + name + ":' /proc/keys)\" = 1")), 0);
  ::kill(started->pid, SIGKILL);
  EXPECT_TRUE(kernel::wait_for(started->pid));
}

TEST_F(Execute, SetsTheClocksOfATimeNamespace) {
  if (!has_user_namespaces() || !kernel::exists("/proc/self/ns/time")) GTEST_SKIP() << "no time namespaces here";
  Script script;
  script.spawn(CLONE_NEWUSER);
  script.child(MakeTimeNamespace{.offsets = script.text("boottime 5000000 0\n")});
  script.ready();
  script.shell("test \"$(cut -d. -f1 /proc/uptime)\" -ge 5000000");
  EXPECT_EQ(status_of(script.plan), 0);

  Script before;
  before.spawn(CLONE_NEWUSER);
  const std::size_t step = before.child(MakeTimeNamespace{.offsets = before.text("boottime -5000000000 0\n")});
  before.ready();
  before.exec({"/bin/true"});
  expect_failure(failure_of(before.plan), Lane::kChild, step, Call::kWrite, ERANGE);
}

// uname(2) fails with EXDEV, everything else is permitted.
std::vector<struct sock_filter> filter_of_uname(std::uint32_t answer) {
  return {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_uname, 0, 1),
          BPF_STMT(BPF_RET | BPF_K, answer), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
}

TEST_F(Execute, LoadsAFilter) {
  Script script;
  script.spawn();
  script.child(SetAttribute{.attribute = Attribute::kNoNewPrivileges});
  script.child(LoadFilter{.instructions = script.plan.add(filter_of_uname(SECCOMP_RET_ERRNO | EXDEV))});
  script.ready();
  script.shell("uname -s; test $? = 1 && grep -q '^Seccomp:.*2' /proc/self/status && exit 7");
  EXPECT_EQ(status_of(script.plan), 7 << 8);
}

TEST_F(Execute, ReportsAFilterThatIsNone) {
  Script script;
  script.spawn();
  script.child(SetAttribute{.attribute = Attribute::kNoNewPrivileges});
  const std::size_t step = script.child(
      LoadFilter{.instructions = script.plan.add(std::vector<struct sock_filter>{BPF_STMT(BPF_RET | BPF_X, 0)})});
  script.ready();
  script.exec({"/bin/true"});
  expect_failure(failure_of(script.plan), Lane::kChild, step, Call::kSeccomp, EINVAL);
}

// What answers for a profile's SCMP_ACT_NOTIFY.
class Agent {
 public:
  explicit Agent(const std::string& path) : path_(path), socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    struct sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<struct sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(socket_.get(), 1), 0);
  }
  ~Agent() { ::unlink(path_.c_str()); }

  // The state that comes with the listener.
  std::string hear() {
    const Fd connection(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    std::string state(4096, '\0');
    struct iovec piece{state.data(), state.size()};
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct msghdr message{.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    state.resize(
        static_cast<std::size_t>(std::max<ssize_t>(::recvmsg(connection.get(), &message, MSG_CMSG_CLOEXEC), 0)));
    int listener = -1;
    if (CMSG_FIRSTHDR(&message) != nullptr) std::memcpy(&listener, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof listener);
    listener_ = Fd(listener);
    return state;
  }

  // Answers one call with an error.
  bool refuse(int error) {
    struct seccomp_notif call{};
    if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) return false;
    struct seccomp_notif_resp answer{.id = call.id, .val = 0, .error = -error, .flags = 0};
    return ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0 && call.data.nr == SYS_uname;
  }

 private:
  std::string path_;
  Fd socket_;
  Fd listener_;
};

struct NotifyingScript : Script {
  explicit NotifyingScript(const std::string& agent) {
    spawn();
    child(SetAttribute{.attribute = Attribute::kNoNewPrivileges});
    const Slot listener = plan.new_slot("listener");
    child(LoadFilter{.instructions = plan.add(filter_of_uname(SECCOMP_RET_USER_NOTIF)),
                     .flags = SECCOMP_FILTER_FLAG_NEW_LISTENER,
                     .listener = listener});
    child(SendDescriptor{.descriptor = listener});
    const Slot received = plan.new_slot("received");
    parent(ReceiveDescriptor{.descriptor = received});
    sends = parent(SendListener{.path = text(agent),
                                .state = plan.add(std::vector<std::string>{"{", ":", "}"}),
                                .pid = plan.find_slot(kSlotPid),
                                .listener = received});
    ready();
    shell("uname -s; test $? = 1 && exit 7");
  }
  std::size_t sends = 0;
};

TEST_F(Execute, HandsTheListenerOver) {
  const TemporaryDirectory top;
  Agent agent(top.path() + "/agent");
  const NotifyingScript script(top.path() + "/agent");
  const auto started = run(script.plan);
  ASSERT_TRUE(started);
  const std::string number = std::to_string(started->pid);
  EXPECT_EQ(agent.hear(), "{" + number + ":" + number + "}");
  EXPECT_TRUE(agent.refuse(EXDEV));
  EXPECT_EQ(*kernel::wait_for(started->pid) >> 8, 7);
}

TEST_F(Execute, EndsTheProcessWhenNobodyTakesTheListener) {
  const TemporaryDirectory top;
  const NotifyingScript script(top.path() + "/agent");
  expect_failure(failure_of(script.plan), Lane::kParent, script.sends, Call::kConnect, ENOENT);
}

std::string words_of(int terminal) {
  std::string words;
  char buffer[512];
  for (ssize_t got = 0; (got = ::read(terminal, buffer, sizeof buffer)) > 0;)
    words.append(buffer, static_cast<std::size_t>(got));
  return words;  // the last read fails: EIO, when nobody has the other end
}

TEST_F(Execute, MakesAContainerWithoutAllocatingInIt) {
  if (!has_user_namespaces()) GTEST_SKIP() << "no user namespaces on this host";
  const TemporaryDirectory top;
  const ContainerScript script(top.path());
  ASSERT_THAT(broken_rules(script.plan), IsEmpty());
  const auto null = kernel::open_file("/dev/null", O_RDWR);
  Executor executor(script.plan);
  for (const std::string_view stream : {kSlotInput, kSlotOutput, kSlotError}) executor.give(stream, null->get());
  executor.time_steps();
  std::expected<Started, Failure> started;
  {
    const Tripwire tripwire;
    started = executor.run({});
  }
  if (!started) {
    const Failure& failure = started.error();
    FAIL() << "lane " << static_cast<int>(failure.lane) << " step " << failure.what.step << ": "
           << call_name(failure.what.call) << ": " << std::strerror(failure.what.error) << ", status "
           << failure.wait_status.value_or(0);
  }
  const std::string words = words_of(started->terminal.get());
  EXPECT_EQ(*kernel::wait_for(started->pid), 0) << words;
  EXPECT_THAT(words, testing::EndsWith("fine\r\n"));
}

// What an image may have below a directory: more entries than one look at it gives, links of either kind, a pipe, a file of
// more than one piece with a hole in it, names of the longest, directories in directories.
void fill_image(const std::string& image) {
  ASSERT_TRUE(kernel::make_directories(image + "/deep/deeper/deepest"));
  for (int i = 0; i < 600; ++i) ASSERT_TRUE(kernel::write_new_file(image + "/deep/" + std::to_string(i), "content"));
  ASSERT_TRUE(kernel::write_new_file(image + "/deep/deeper/" + std::string(255, 'n'), "long"));
  ASSERT_EQ(::symlink("/nowhere", (image + "/link").c_str()), 0);
  ASSERT_EQ(::link((image + "/deep/1").c_str(), (image + "/hard").c_str()), 0);
  ASSERT_EQ(::mkfifo((image + "/pipe").c_str(), 0600), 0);
  ASSERT_TRUE(kernel::write_new_file(image + "/large", std::string(300'000, 'l')));
  ASSERT_EQ(::truncate((image + "/large").c_str(), 900'000), 0);
}

TEST_F(Execute, CopiesUpWithoutAllocating) {
  if (!has_user_namespaces()) GTEST_SKIP() << "no user namespaces on this host";
  const TemporaryDirectory top;
  ASSERT_NO_FATAL_FAILURE(fill_image(top / "image"));
  MountScript script(top);
  Mount mount = script.tmpfs();
  mount.copy_up = true;
  script.mount(mount, top / "image");
  script.finish(
      "cd image && test $(stat -fc %T .) = tmpfs && test $(ls deep | wc -l) = 601 && test $(cat deep/599) = content && "
      "test $(readlink link) = /nowhere && test -p pipe && test $(stat -c %s large) = 900000 && "
      "test $(cat deep/deeper/nnn*) = long && test -d deep/deeper/deepest");
  ASSERT_THAT(broken_rules(script.plan), IsEmpty());
  Executor executor(script.plan);
  std::expected<Started, Failure> started;
  {
    const Tripwire tripwire;
    started = executor.run({});
  }
  ASSERT_TRUE(started) << call_name(started.error().what.call) << ": " << std::strerror(started.error().what.error)
                       << ", status " << started.error().wait_status.value_or(0);
  EXPECT_EQ(*kernel::wait_for(started->pid), 0);
}

TEST_F(Execute, ReportsAFailureWithoutAllocating) {
  if (!has_user_namespaces()) GTEST_SKIP() << "no user namespaces on this host";
  Script script;
  script.spawn(CLONE_NEWUSER | CLONE_NEWNS);
  const std::size_t step = script.child(MountRoot{.type = script.text("tmpfs"),
                                                  .options = script.text("size=nonsense"),
                                                  .at = script.text("/tmp"),
                                                  .root = script.plan.new_slot("root")});
  script.ready();
  script.exec({"/bin/true"});
  Executor executor(script.plan);
  std::expected<Started, Failure> started;
  {
    const Tripwire tripwire;
    started = executor.run({});
  }
  ASSERT_FALSE(started);
  expect_failure(started.error(), Lane::kChild, step, Call::kMount, EINVAL);
}

}  // namespace
// --- hooks and forced failures
// -----------------------------------------------------------------------------------------

TEST_F(Execute, HooksOfBothLanesReadTheStateAndAreWaitedFor) {
  const std::string seen = testing::TempDir() + "hooks";
  for (const Lane lane : {Lane::kParent, Lane::kChild}) {
    Script script;
    script.spawn();
    if (lane == Lane::kChild) script.hook("cat >" + seen + "; echo \" $A $HOME\" >>" + seen, 0, lane);
    script.ready();
    if (lane == Lane::kParent) script.hook("cat >" + seen + "; echo \" $A $HOME\" >>" + seen, 0, lane);
    script.shell("exit 3");
    EXPECT_EQ(status_of(script.plan) >> 8, 3);
    EXPECT_THAT(*kernel::read_file(seen), testing::MatchesRegex("\\{\"pid\":[1-9][0-9]*\\} b \n"));
  }
  ::unlink(seen.c_str());
}

// A program in systemd's place: a script that has what it is asked on its standard input.
class AskedSystemd : public Execute {
 protected:
  AskedSystemd() { ::mkdir(directory_.c_str(), 0700); }
  ~AskedSystemd() override { std::filesystem::remove_all(directory_); }

  std::size_t ask(Script& script, const std::string& commands) {
    const std::string program = directory_ + "/program";
    EXPECT_TRUE(kernel::write_new_file(program, "#!/bin/sh\n" + commands, 0700));
    return script.parent(AskSystemd{.program = script.text(program),
                                    .unit = script.text("a.scope"),
                                    .request = script.plan.add(std::vector<std::string>{"start", "a b"}),
                                    .undo = script.plan.add(std::vector<std::string>{"stop"}),
                                    .pid = script.plan.find_slot(kSlotPid)},
                         Undo::kRemove);
  }
  std::string seen() const { return kernel::read_file(directory_ + "/seen").value_or(""); }
  std::string remember() const { return "{ tr '\\0' '|'; echo; } >>" + directory_ + "/seen\n"; }

  std::string directory_ = testing::TempDir() + "systemd";
};

TEST_F(AskedSystemd, HasItsRequestAndTheNumberOfTheProcess) {
  Script script;
  script.spawn();
  ask(script, remember() + "echo ignored");
  script.ready();
  script.shell("exit 3");
  EXPECT_EQ(status_of(script.plan) >> 8, 3);
  EXPECT_THAT(seen(), testing::MatchesRegex("start\\|a b\\|[1-9][0-9]*\\|\n"));
}

TEST_F(AskedSystemd, IsAskedToTakeBackWhatWasDone) {
  Script script;
  script.spawn();
  ask(script, remember());
  script.parent(WriteFile{.path = script.text("/nowhere/x"), .value = script.text("1")}, Undo::kInside);
  script.ready();
  script.shell("exit 0");
  EXPECT_EQ(failure_of(script.plan).what.call, Call::kOpen);
  EXPECT_THAT(seen(), testing::MatchesRegex("start\\|a b\\|[1-9][0-9]*\\|\nstop\\|\n"));
}

TEST_F(AskedSystemd, FailsWithItsOwnWordsAndTakesNothingBack) {
  Script script;
  script.spawn();
  const std::size_t step = ask(script, remember() + "echo it is mine; echo ask the other; exit 1");
  script.ready();
  script.shell("exit 0");
  const Failure failure = failure_of(script.plan);
  EXPECT_EQ(failure.what.step, step);
  EXPECT_EQ(failure.what.call, Call::kSystemd);
  EXPECT_EQ(failure.said, "it is mine\nask the other\n");
  EXPECT_THAT(seen(), testing::Not(testing::HasSubstr("stop")));
}

TEST_F(AskedSystemd, ThatIsNotThereIsAFailedExecution) {
  Script script;
  script.spawn();
  script.parent(AskSystemd{.program = script.text("/nowhere/systemd"), .unit = script.text("a.scope")}, Undo::kRemove);
  script.ready();
  script.shell("exit 0");
  const Failure failure = failure_of(script.plan);
  EXPECT_EQ(failure.what.call, Call::kExecve);
  EXPECT_EQ(failure.what.error, ENOENT);
}

TEST_F(AskedSystemd, MaySayMoreThanIsKept) {
  Script script;
  script.spawn();
  ask(script, "head -c 100000 /dev/zero | tr '\\0' x; exit 1");
  script.ready();
  script.shell("exit 0");
  EXPECT_EQ(failure_of(script.plan).said.size(), 1023U);
}

TEST_F(Execute, AHookThatFailsFailsItsStep) {
  for (const Lane lane : {Lane::kParent, Lane::kChild}) {
    const auto failing = [&](const std::string& command, std::uint32_t timeout_s) {
      Script script;
      script.spawn();
      const std::size_t step = script.hook(command, timeout_s, lane);
      script.ready();
      script.shell("exit 0");
      const Failure failure = failure_of(script.plan);
      EXPECT_EQ(failure.lane, lane);
      EXPECT_EQ(failure.what.step, step);
      return failure;
    };
    const Failure status = failing("echo first; echo last >&2; exit 7", 0);
    EXPECT_EQ(status.what.call, Call::kHookStatus);
    EXPECT_EQ(status.what.operand, 7 << 8);
    EXPECT_EQ(status.said, "first\nlast\n");
    EXPECT_EQ(failing("kill -9 $$", 0).what.operand, SIGKILL);
    const Failure late = failing("echo slow; exec sleep 100", 1);
    EXPECT_EQ(late.what.call, Call::kHookTimeout);
    EXPECT_EQ(late.said, "slow\n");
    EXPECT_EQ(failing("head -c 5000 /dev/zero | tr '\\0' x; exit 1", 0).said, std::string(kSaidBytes - 1, 'x'));
  }
}

TEST_F(Execute, AForcedStepIsTheOneThatFails) {
  Script script;
  script.spawn();
  script.child(SetAttribute{.attribute = Attribute::kNewSession});
  script.ready();
  script.shell("exit 0");
  for (const Lane lane : {Lane::kParent, Lane::kChild}) {
    for (std::size_t step = 0; step < script.plan.lane(lane).size(); ++step) {
      Executor executor(script.plan);
      executor.fail_at(lane, static_cast<std::uint16_t>(step), EXDEV);
      const auto run = executor.run({});
      ASSERT_FALSE(run) << step;
      EXPECT_EQ(run.error().lane, lane);
      EXPECT_EQ(run.error().what.step, step);
      EXPECT_EQ(run.error().what.call, Call::kForced);
      EXPECT_EQ(run.error().what.error, EXDEV);
    }
  }
}

}  // namespace caisson::execute
