#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "allocation_tripwire.h"
#include "base/text.h"
#include "execute_fixture.h"
#include "temporary_directory.h"

namespace caisson::execute {
namespace {

constexpr std::uint64_t kPrivateRecursive = 1U << 18 | 1U << 14;

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

}  // namespace
}  // namespace caisson::execute
