#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "allocation_tripwire.h"
#include "base/text.h"
#include "execute_fixture.h"
#include "kernel/syscalls.h"
#include "temporary_directory.h"

namespace caisson::execute {
namespace {

constexpr std::uint64_t kPrivateRecursive = 1U << 18 | 1U << 14;

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
    child(ChangeDirectory{.path = directory, .first_try = true, .make = true});
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

// What an image may have below a directory: more entries than one look at it gives, links of either kind, a pipe, a
// file of more than one piece with a hole in it, names of the longest, directories in directories.

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
}  // namespace caisson::execute
