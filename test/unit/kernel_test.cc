#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/copy_tree.h"
#include "kernel/files.h"
#include "kernel/in_root.h"
#include "kernel/processes.h"
#include "temporary_directory.h"

namespace caisson::kernel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// --- paths inside a hostile root -------------------------------------------------------------------------------------

struct Place {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const Place&) const = default;
};

Place place_of(int fd) {
  struct stat status{};
  EXPECT_EQ(::fstat(fd, &status), 0);
  return {status.st_dev, status.st_ino};
}

// A root filesystem as an attacker would make it, beside a directory that nothing may touch.
class InRoot : public testing::Test {
 protected:
  InRoot() {
    for (const char* directory : {"outside/dir", "root/etc", "root/a/b/c"}) {
      EXPECT_TRUE(make_directories(top_ / directory));
    }
    EXPECT_TRUE(write_new_file(top_ / "outside/secret", "secret"));
    EXPECT_TRUE(write_new_file(top_ / "root/etc/passwd", "root"));
    EXPECT_TRUE(write_new_file(top_ / "root/file", ""));
    link("up", "../../outside");
    link("outside_by_name", top_ / "outside");
    link("etc_by_name", "/etc");
    link("etc_by_dots", "../../../../etc");
    link("a/top", "../../../../..");
    link("dangling", "nowhere/deep");
    link("a/dangling", "../etc/./made");
    link("through_dangling", "dangling/further");
    link("self", "self");
    link("tick", "tock");
    link("tock", "tick");
    root_ = Fd(::open((top_ / "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  ~InRoot() override {
    EXPECT_THAT(*list_directory(top_.path()), UnorderedElementsAre("outside", "root"));
    EXPECT_THAT(*list_directory(top_ / "outside"), UnorderedElementsAre("secret", "dir"));
    EXPECT_THAT(*list_directory(top_ / "outside/dir"), IsEmpty());
    EXPECT_EQ(*read_file(top_ / "outside/secret"), "secret");
  }

  void link(const std::string& name, const std::string& target) {
    EXPECT_EQ(::symlink(target.c_str(), (top_ / ("root/" + name)).c_str()), 0) << name;
  }
  Place inside(const std::string& path) {
    struct stat status{};
    EXPECT_EQ(::lstat((top_ / ("root/" + path)).c_str(), &status), 0) << path;
    return {status.st_dev, status.st_ino};
  }

  TemporaryDirectory top_;
  Fd root_;
};

// What a path leads to: a path below the root without a link in it, or an errno.
struct PathCase {
  std::string path;
  const char* place;
  int error = 0;
};

TEST_F(InRoot, PathsAreResolvedAsIfTheRootWereTheTop) {
  const PathCase cases[] = {
      {"/", "."},
      {"etc/passwd", "etc/passwd"},
      {"//etc///passwd", "etc/passwd"},
      {"/../../etc/passwd", "etc/passwd"},
      {"/etc_by_name/passwd", "etc/passwd"},
      {"/etc_by_dots/passwd", "etc/passwd"},
      {"/a/top", "."},
      {"/a/top/a/top/etc", "etc"},
      {"/a/b/c/../../../../../file", "file"},
      {"/up/secret", nullptr, ENOENT},
      {"/outside_by_name/secret", nullptr, ENOENT},
      {"/dangling", nullptr, ENOENT},
      {"/self", nullptr, ELOOP},
      {"/tick/x", nullptr, ELOOP},
      {"/file/x", nullptr, ENOTDIR},
      {"/file/..", nullptr, ENOTDIR},
      {"", nullptr, ENOENT},
      {"/" + std::string(256, 'x'), nullptr, ENAMETOOLONG},
      {std::string(5000, '/'), nullptr, ENAMETOOLONG},
  };
  for (const PathCase& row : cases) {
    SCOPED_TRACE(row.path.substr(0, 60));
    const Fd opened(open_in_root(root_.get(), row.path.c_str(), O_PATH));
    EXPECT_EQ(opened ? 0 : errno, row.error);
    if (opened && row.place != nullptr) {
      EXPECT_EQ(place_of(opened.get()), inside(row.place));
      EXPECT_EQ(::fcntl(opened.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    }
  }
}

TEST_F(InRoot, MagicLinksOfProcfsLeadNowhere) {
  const Fd proc(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const char* path : {"self/root", "self/cwd", "self/exe", "self/fd/0", "self/root/etc", "thread-self/ns/mnt"}) {
    EXPECT_EQ(open_in_root(proc.get(), path, O_PATH), -1) << path;
    EXPECT_EQ(errno, ELOOP) << path;
    EXPECT_EQ(make_in_root(proc.get(), path, Make::kDirectory), -1) << path;
    EXPECT_EQ(errno, ELOOP) << path;
  }
}

TEST_F(InRoot, LinksCanBeRefused) {
  for (const char* path : {"/etc_by_name", "/etc_by_name/passwd", "/dangling", "/etc_by_name/made"}) {
    EXPECT_EQ(make_in_root(root_.get(), path, Make::kDirectory, RESOLVE_NO_SYMLINKS), -1) << path;
    EXPECT_EQ(errno, ELOOP) << path;
  }
  EXPECT_THAT(*list_directory(top_ / "root/etc"), ElementsAre("passwd"));
  const Fd made(make_in_root(root_.get(), "/sys", Make::kDirectory, RESOLVE_NO_SYMLINKS));
  EXPECT_EQ(place_of(made.get()), inside("sys"));
}

struct MakeCase {
  std::string path;
  Make make;
  const char* place;
  int error = 0;
};

TEST_F(InRoot, WhatIsMissingIsMadeInside) {
  const MakeCase cases[] = {
      {"/new/deep/directory", Make::kDirectory, "new/deep/directory"},
      {"/new/deep/file", Make::kFile, "new/deep/file"},
      {"/slash/", Make::kDirectory, "slash"},
      {"plain", Make::kFile, "plain"},
      {"/../../made", Make::kDirectory, "made"},
      {"/a/missing/../made", Make::kDirectory, "a/made"},
      {"/etc_by_name/made", Make::kFile, "etc/made"},
      {"/etc_by_dots/more", Make::kDirectory, "etc/more"},
      {"/etc/passwd", Make::kDirectory, "etc/passwd"},  // what is there stays, of whatever kind
      {"/a/dangling", Make::kFile, "etc/made"},
      {"/up/made", Make::kDirectory, "outside/made"},
      {"/through_dangling/x", Make::kFile, "nowhere/deep/further/x"},
      {"/dangling", Make::kFile, "nowhere/deep"},
      {"/file/x", Make::kDirectory, nullptr, ENOTDIR},
      {"/self", Make::kDirectory, nullptr, ELOOP},
      {"/tick/x", Make::kDirectory, nullptr, ELOOP},
      {"/" + std::string(256, 'x'), Make::kFile, nullptr, ENAMETOOLONG},
      {std::string(2500, '/') + std::string(2500, 'x'), Make::kFile, nullptr, ENAMETOOLONG},
  };
  for (const MakeCase& row : cases) {
    SCOPED_TRACE(row.path.substr(0, 60));
    const Fd made(make_in_root(root_.get(), row.path.c_str(), row.make));
    EXPECT_EQ(made ? 0 : errno, row.error);
    if (made && row.place != nullptr) {
      EXPECT_EQ(place_of(made.get()), inside(row.place));
    }
  }
}

TEST_F(InRoot, ALinkByAHostsNameIsMadeInsideToo) {
  const Fd made(make_in_root(root_.get(), "/outside_by_name/made", Make::kDirectory));
  EXPECT_EQ(place_of(made.get()), inside((top_ / "outside/made").substr(1)));
}

TEST_F(InRoot, TheKindAndTheModeAreAsAskedFor) {
  const mode_t before = ::umask(0);
  Fd(make_in_root(root_.get(), "/x/file", Make::kFile));
  Fd(make_in_root(root_.get(), "/x/directory", Make::kDirectory));
  ::umask(before);
  EXPECT_EQ(status_of(top_ / "root/x")->st_mode, S_IFDIR | 0755U);
  EXPECT_EQ(status_of(top_ / "root/x/file")->st_mode, S_IFREG | 0644U);
  EXPECT_EQ(status_of(top_ / "root/x/directory")->st_mode, S_IFDIR | 0755U);
}

TEST_F(InRoot, EndlessLinksAreGivenUp) {
  for (int i = 0; i < 60; ++i) link("chain" + std::to_string(i), "chain" + std::to_string(i + 1));
  EXPECT_EQ(make_in_root(root_.get(), "/chain0", Make::kFile), -1);
  EXPECT_EQ(errno, ELOOP);
  const Fd made(make_in_root(root_.get(), "/chain50", Make::kFile));
  EXPECT_EQ(place_of(made.get()), inside("chain60"));
}

struct ParentCase {
  const char* path;
  const char* directory;
  const char* name;
  int error = 0;
};

TEST_F(InRoot, TheDirectoryThatHoldsAPathIsFoundOrMade) {
  const ParentCase cases[] = {
      {"/dev/null", "dev", "null"},
      {"name", ".", "name"},
      {"/name", ".", "name"},
      {"/a/b/../name", "a", "name"},
      {"/etc_by_name/self", "etc", "self"},
      {"/up/name", "outside", "name"},
      {"/tick", ".", "tick"},
      {"/dev/", nullptr, "", EINVAL},
      {"", nullptr, "", EINVAL},
      {"/file/name", nullptr, "name", ENOTDIR},
      {"/tick/name", nullptr, "name", ELOOP},
  };
  for (const ParentCase& row : cases) {
    SCOPED_TRACE(row.path);
    const char* name = nullptr;
    const Fd parent(parent_in_root(root_.get(), row.path, &name));
    EXPECT_EQ(parent ? 0 : errno, row.error);
    EXPECT_STREQ(name, row.name);
    if (parent && row.directory != nullptr) {
      EXPECT_EQ(place_of(parent.get()), inside(row.directory));
    }
  }
}

// --- files -----------------------------------------------------------------------------------------------------------

TEST(ReplaceFile, LeavesTheOldOneToWhoHasItOpenAndNothingBeside) {
  const TemporaryDirectory top;
  ASSERT_TRUE(replace_file(top / "state", "old", 0600));
  const auto before = open_file(top / "state", O_RDONLY);
  ASSERT_TRUE(replace_file(top / "state", "new"));
  EXPECT_EQ(*read_all(before->get(), "state"), "old");
  EXPECT_EQ(*read_file(top / "state"), "new");
  EXPECT_THAT(*list_directory(top.path()), ElementsAre("state"));
}

TEST(ReplaceFile, IsNeverSeenHalfWritten) {
  const TemporaryDirectory top;
  constexpr std::size_t kSize = 100'000;
  const std::string contents[] = {std::string(kSize, 'a'), std::string(kSize, 'b')};
  ASSERT_TRUE(replace_file(top / "state", contents[0]));
  const pid_t writer = ::fork();
  if (writer == 0) {
    for (int i = 0; i < 100; ++i) {
      if (!replace_file(top / "state", contents[i % 2])) ::_exit(1);
    }
    ::_exit(0);
  }
  int reads = 0;
  for (int status = 0; ::waitpid(writer, &status, WNOHANG) == 0; ++reads) {
    const auto seen = read_file(top / "state");
    ASSERT_TRUE(seen && (*seen == contents[0] || *seen == contents[1]));
  }
  EXPECT_GT(reads, 0);
}

TEST(ReplaceFile, LeavesNothingWhenItFails) {
  const TemporaryDirectory top;
  ASSERT_TRUE(make_directories(top / "state/full"));
  const auto replaced = replace_file(top / "state", "new");
  EXPECT_EQ(replaced.error().text(), "rename(" + top / "state" + "): Is a directory");
  EXPECT_THAT(*list_directory(top.path()), ElementsAre("state"));
  EXPECT_EQ(replace_file(top / "missing/state", "new").error().number, ENOENT);
}

TEST(RemoveTree, DoesNotFollowLinks) {
  const TemporaryDirectory top;
  ASSERT_TRUE(make_directories(top / "kept/directory"));
  ASSERT_TRUE(make_directories(top / "tree/a/b"));
  ASSERT_TRUE(write_new_file(top / "tree/a/file", ""));
  ASSERT_EQ(::symlink("../../kept", (top / "tree/a/link").c_str()), 0);
  ASSERT_EQ(::symlink((top / "kept").c_str(), (top / "link").c_str()), 0);
  EXPECT_TRUE(remove_tree(top / "tree"));
  EXPECT_TRUE(remove_tree(top / "link"));
  EXPECT_TRUE(remove_tree(top / "never there"));
  EXPECT_THAT(*list_directory(top.path()), ElementsAre("kept"));
  EXPECT_THAT(*list_directory(top / "kept"), ElementsAre("directory"));
}

// Runs `body` in a user and a mount namespace of its own, as root there; false if this host has none to give.
template <class Body>
bool in_namespaces(Body body) {
  const std::string user = "0 " + std::to_string(::geteuid()) + " 1";
  const std::string group = "0 " + std::to_string(::getegid()) + " 1";
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ::_exit(77);
    if (!write_new_file("/proc/self/uid_map", user) || !write_new_file("/proc/self/setgroups", "deny") ||
        !write_new_file("/proc/self/gid_map", group)) {
      ::_exit(77);
    }
    body();
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  const int status = wait_for(child).value_or(-1);
  if (status == 77 << 8) return false;
  EXPECT_EQ(status, 0);
  return true;
}

TEST(RemoveTree, LeavesAloneWhatIsMountedInIt) {
  const TemporaryDirectory top;
  ASSERT_TRUE(make_directories(top / "tree/volume"));
  const bool ran = in_namespaces([&] {
    ASSERT_EQ(::mount("tmpfs", (top / "tree/volume").c_str(), "tmpfs", 0, nullptr), 0) << std::strerror(errno);
    ASSERT_TRUE(write_new_file(top / "tree/volume/data", "precious"));
    const auto removed = remove_tree(top / "tree");
    ASSERT_FALSE(removed);
    EXPECT_EQ(removed.error().number, EBUSY);
    EXPECT_EQ(*read_file(top / "tree/volume/data"), "precious");
  });
  if (!ran) GTEST_SKIP() << "no user namespaces on this host";
}

// --- copies ----------------------------------------------------------------------------------------------------------

class CopyTree : public testing::Test {
 protected:
  CopyTree() {
    EXPECT_TRUE(make_directories(top_ / "from/a/b"));
    EXPECT_TRUE(make_directories(top_ / "to"));
  }
  CopyOutcome copy() const {
    const Fd from = *open_file(top_ / "from", O_PATH | O_DIRECTORY);
    const Fd to = *open_file(top_ / "to", O_PATH | O_DIRECTORY);
    return copy_tree(from.get(), to.get());
  }
  struct stat status(const char* path) const {
    struct stat found{};
    EXPECT_EQ(::lstat((top_ / path).c_str(), &found), 0) << path;
    return found;
  }
  TemporaryDirectory top_;
};

TEST_F(CopyTree, KeepsContentsModesTimesAndLinks) {
  ASSERT_TRUE(write_new_file(top_ / "from/a/b/file", std::string(3'000'000, 'x')));
  ASSERT_TRUE(write_new_file(top_ / "from/secret", "s"));
  ASSERT_EQ(::symlink("/etc/passwd", (top_ / "from/a/link").c_str()), 0);
  ASSERT_EQ(::mkfifo((top_ / "from/fifo").c_str(), 0600), 0);
  const struct timespec times[2] = {{1, 0}, {2, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (top_ / "from/secret").c_str(), times, 0), 0);
  ASSERT_EQ(::chmod((top_ / "from/secret").c_str(), 04640), 0);
  ASSERT_EQ(::chmod((top_ / "from/a").c_str(), 01711), 0);
  ASSERT_EQ(::chmod((top_ / "from").c_str(), 0750), 0);
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(make_directories(top_ / ("from/many/" + std::to_string(i) + "/x")));

  EXPECT_EQ(copy().part, CopyPart::kNone);
  EXPECT_EQ(read_file(top_ / "to/a/b/file")->size(), 3'000'000U);
  EXPECT_EQ(*read_link(top_ / "to/a/link"), "/etc/passwd");
  EXPECT_TRUE(S_ISFIFO(status("to/fifo").st_mode));
  EXPECT_EQ(status("to/secret").st_mode & 07777U, 04640U);
  EXPECT_EQ(status("to/secret").st_mtim.tv_sec, 2);
  EXPECT_EQ(status("to/a").st_mode & 07777U, 01711U);
  EXPECT_EQ(status("to").st_mode & 07777U, 0750U);
  EXPECT_EQ(list_directory(top_ / "to/many")->size(), 300U);
  EXPECT_TRUE(exists(top_ / "to/many/299/x"));
}

TEST_F(CopyTree, GivesUpOnTreesThatAreNestedTooDeeply) {
  std::string path = top_ / "from";
  for (int i = 0; i < 200; ++i) path += "/d";
  ASSERT_TRUE(make_directories(path));
  const std::size_t open = list_directory("/proc/self/fd")->size();
  const CopyOutcome outcome = copy();
  EXPECT_EQ(outcome.part, CopyPart::kOpen);
  EXPECT_EQ(outcome.error, ELOOP);
  EXPECT_EQ(list_directory("/proc/self/fd")->size(), open);
}

TEST_F(CopyTree, SaysWhatIsInTheWay) {
  ASSERT_TRUE(write_new_file(top_ / "from/a/file", ""));
  ASSERT_TRUE(make_directories(top_ / "to/a"));
  const CopyOutcome outcome = copy();
  EXPECT_EQ(outcome.part, CopyPart::kMake);
  EXPECT_EQ(outcome.error, EEXIST);
}

TEST(LockFile, IsHeldByOneAtATime) {
  const TemporaryDirectory top;
  auto held = lock_file(top / "lock", Lock::kWait);
  ASSERT_TRUE(held && *held);
  const auto second = lock_file(top / "lock", Lock::kTry);
  ASSERT_TRUE(second);
  EXPECT_FALSE(*second);
  *held = std::nullopt;
  const auto third = lock_file(top / "lock", Lock::kTry);
  EXPECT_TRUE(third && *third);
  EXPECT_EQ(lock_file(top / "missing/lock", Lock::kTry).error().number, ENOENT);
}

TEST(LockFile, GoesWithItsHolder) {
  const TemporaryDirectory top;
  const pid_t holder = ::fork();
  if (holder == 0) ::_exit(lock_file(top / "lock", Lock::kWait) ? 0 : 1);
  EXPECT_EQ(wait_for(holder), 0);
  const auto held = lock_file(top / "lock", Lock::kTry);
  EXPECT_TRUE(held && *held);
}

TEST(Files, AreReadWithinBounds) {
  const TemporaryDirectory top;
  ASSERT_TRUE(write_new_file(top / "file", "12345678"));
  EXPECT_EQ(*read_file(top / "file", 8), "12345678");
  EXPECT_EQ(read_file(top / "file", 7).error().number, EFBIG);
  EXPECT_EQ(read_file(top / "none").error().text(), "open(" + top / "none" + "): No such file or directory");
}

TEST(Directories, AreMadeWithTheirParentsAndListed) {
  const TemporaryDirectory top;
  EXPECT_TRUE(make_directories(top / "a/b/c"));
  EXPECT_TRUE(make_directories(top / "a/b/c"));
  EXPECT_THAT(*list_directory(top / "a"), ElementsAre("b"));
  EXPECT_THAT(*list_directory(top / "none"), IsEmpty());
  ASSERT_TRUE(write_new_file(top / "file", ""));
  EXPECT_EQ(make_directories(top / "file/below").error().number, ENOTDIR);
}

TEST(Descriptors, StayOutOfPrograms) {
  const auto pipe = make_pipe();
  const auto copy = duplicate(0);
  EXPECT_GE(copy->get(), 3);
  for (const int fd : {pipe->read.get(), pipe->write.get(), copy->get()}) EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
}

// --- processes -------------------------------------------------------------------------------------------------------

// A child that waits until it is told to end; its parent reaps it.
class Waiting {
 public:
  explicit Waiting(const char* name = "waiting") {
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_NAME, name);
      char byte = 'r';
      (void)!::write(ready_.write.get(), &byte, 1);
      ready_.write = Fd();
      go_.write = Fd();
      ::_exit(::read(go_.read.get(), &byte, 1) == 0 ? 3 : 4);
    }
    ready_.write = Fd();
    char byte = 0;
    EXPECT_EQ(::read(ready_.read.get(), &byte, 1), 1);  // it has its name by now
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() {
    if (pid_ > 0) (void)reap();
  }
  pid_t pid() const { return pid_; }
  // Ends it, and leaves it to be reaped.
  void end() {
    go_.write = Fd();
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT), 0);
  }
  Result<int> reap() {
    go_.write = Fd();
    return wait_for(std::exchange(pid_, 0));
  }

 private:
  Pipe ready_ = std::move(*make_pipe());
  Pipe go_ = std::move(*make_pipe());
  pid_t pid_ = 0;
};

TEST(Processes, AreKnownByTheirStartTime) {
  const auto self = identify(::getpid());
  ASSERT_TRUE(self);
  EXPECT_GT(self->start_ticks, 0U);
  EXPECT_TRUE(open_process(*self));
  EXPECT_TRUE(is_running(*self));
  const ProcessId another{self->pid, self->start_ticks + 1};  // the pid has been used again since
  EXPECT_FALSE(open_process(another));
  EXPECT_FALSE(is_running(another));
  for (const pid_t nobody : {0, -1}) {
    EXPECT_FALSE(open_process({nobody, self->start_ticks}));
    EXPECT_FALSE(is_running({nobody, self->start_ticks}));
  }
}

TEST(Processes, AreReadWhateverTheyCallThemselves) {
  Waiting child("x) Z 1 (\ny) ");
  const auto stat = process_stat(child.pid());
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->parent, ::getpid());
  EXPECT_THAT(stat->state, testing::AnyOf('S', 'R'));
}

TEST(Processes, EndOnce) {
  Waiting child;
  const auto id = identify(child.pid());
  ASSERT_TRUE(id);
  const auto pidfd = open_process(*id);
  ASSERT_TRUE(pidfd);
  EXPECT_TRUE(is_running(*id));
  EXPECT_FALSE(wait_until_gone(pidfd->get(), 0));
  EXPECT_TRUE(send_signal(pidfd->get(), 0));

  child.end();
  EXPECT_TRUE(wait_until_gone(pidfd->get(), 0));
  EXPECT_FALSE(is_running(*id));  // a zombie
  EXPECT_EQ(process_stat(id->pid)->state, 'Z');

  EXPECT_EQ(child.reap(), 3 << 8);
  EXPECT_EQ(send_signal(pidfd->get(), 0).error().number, ESRCH);
  EXPECT_EQ(wait_for(id->pid).error().number, ECHILD);
  EXPECT_FALSE(open_process(*id));
}

}  // namespace
}  // namespace caisson::kernel
