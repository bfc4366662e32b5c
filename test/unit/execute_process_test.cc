#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "execute_fixture.h"
#include "kernel/syscalls.h"
#include "temporary_directory.h"

namespace caisson::execute {
namespace {

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
  const auto plan = shell_after(
      {[](Plan&) -> Action { return SetScheduler{.policy = 3, .nice = 5}; },
       [](Plan&) -> Action { return SetAttribute{.attribute = Attribute::kIoPriority, .which = 2, .value = 3}; }},
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
  const auto plan = shell_after(
      {[](Plan& p) -> Action { return SetMemoryPolicy{.mode = 3, .nodes = p.add(std::vector<std::uint32_t>{1})}; },
       [](Plan&) -> Action { return SetAttribute{.attribute = Attribute::kPersonality, .value = 8}; }},
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
      {"u:x:5:5::/home/u", 5, "/home/u"},  // neither shell nor line break
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
         return RestrictFiles{.paths = p.add(std::vector<std::string>{"/usr", "/bin", "/lib", "/etc/ld.so.cache",
                                                                      top / "in", top / "in/file"}),
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

}  // namespace
}  // namespace caisson::execute
