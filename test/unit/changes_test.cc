#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "changes/list_changes.h"
#include "temporary_directory.h"

namespace caisson::changes {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class ChangesTest : public testing::Test {
 protected:
  ChangesTest() {
    for (const char* name : {"upper", "one", "two"}) fs::create_directory(place_ / name);
    tree_.upper = place_ / "upper";
    tree_.lower = {place_ / "two", place_ / "one"};
    tree_.notes = archive::OverlayNotes::kUser;
  }

  void file(const std::string& path, const std::string& content = "x", std::int64_t mtime = 1000) {
    fs::create_directories(fs::path(place_ / path).parent_path());
    std::ofstream(place_ / path) << content;
    const struct timespec times[2] = {{mtime, 0}, {mtime, 0}};
    EXPECT_EQ(::utimensat(AT_FDCWD, (place_ / path).c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
  }
  void directory(const std::string& path) { fs::create_directories(place_ / path); }
  // A device 0/0 is no device: whoever may write there may make it (Linux 5.8).
  void whiteout(const std::string& path) {
    fs::create_directories(fs::path(place_ / path).parent_path());
    ASSERT_EQ(::mknod((place_ / path).c_str(), S_IFCHR | 0600, 0), 0);
  }
  void opaque(const std::string& path) {
    ASSERT_EQ(::setxattr((place_ / path).c_str(), "user.overlay.opaque", "y", 1, 0), 0);
  }

  std::vector<std::string> changes() {
    std::vector<std::string> lines;
    const Result<> listed = list_changes(tree_, [&](ChangeKind kind, const std::string& path) -> Result<> {
      lines.push_back(std::string(1, static_cast<char>(kind)) + " " + path);
      return {};
    });
    EXPECT_TRUE(listed) << listed.error().text();
    return lines;
  }

  TemporaryDirectory place_;
  ContainerTree tree_;
};

TEST_F(ChangesTest, OfAContainerThatDidNothingAreNone) {
  file("one/etc/passwd");
  EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(ChangesTest, AreToldWithTheDirectoriesTheyLieIn) {
  file("one/etc/passwd");
  file("one/etc/old/a");
  file("one/usr/lib/b");
  file("two/usr/lib/c");
  file("upper/etc/new/x/y");
  whiteout("upper/etc/old");
  file("upper/usr/lib/c", "changed");
  file("upper/usr.new");
  EXPECT_THAT(changes(), ElementsAre("C /etc", "A /etc/new", "A /etc/new/x", "A /etc/new/x/y", "D /etc/old", "C /usr",
                                     "C /usr/lib", "C /usr/lib/c", "A /usr.new"));
}

TEST_F(ChangesTest, AreNoneOfWhatWasOnlyCopiedUp) {
  file("one/d/e/f");
  file("upper/d/e/f");
  EXPECT_THAT(changes(), IsEmpty());
  file("upper/d/e/f", "x", 1001);
  EXPECT_THAT(changes(), ElementsAre("C /d", "C /d/e", "C /d/e/f"));
}

TEST_F(ChangesTest, OfModesAndAttributesAreChanges) {
  directory("one/d/inner");
  file("one/f");
  directory("upper/d/inner");
  ASSERT_EQ(::chmod((place_ / "upper/d/inner").c_str(), 01777), 0);
  file("upper/f");
  ASSERT_EQ(::setxattr((place_ / "upper/f").c_str(), "user.note", "n", 1, 0), 0);
  EXPECT_THAT(changes(), ElementsAre("C /d", "C /d/inner", "C /f"));
}

TEST_F(ChangesTest, OfAnOpaqueDirectoryAreWhatWasThereBefore) {
  file("one/d/gone");
  file("two/d/kept");
  file("one/d/in/deep/file");
  file("two/d/in/too");
  whiteout("two/d/never");
  file("one/d/never");
  file("upper/d/kept", "other", 2000);
  directory("upper/d/in/deep");
  opaque("upper/d");
  EXPECT_THAT(changes(), ElementsAre("C /d", "D /d/gone", "C /d/in", "C /d/in/deep", "D /d/in/deep/file", "D /d/in/too",
                                     "C /d/kept"));
}

TEST_F(ChangesTest, OfAKindAreOfOneThing) {
  file("one/a");
  file("two/b/inside");
  file("upper/a/now/a/directory");
  file("upper/b");
  EXPECT_THAT(changes(), ElementsAre("C /a", "A /a/now", "A /a/now/a", "A /a/now/a/directory", "C /b"));
}

TEST_F(ChangesTest, WhiteoutsOfNothingAreNone) {
  whiteout("upper/nothing");
  EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(ChangesTest, LinksAreNotFollowed) {
  file("outside");
  file("one/d/file");
  fs::create_symlink(place_.path(), place_ / "upper/out");
  fs::create_symlink(place_ / "one", place_ / "upper/d");
  EXPECT_THAT(changes(), ElementsAre("C /d", "A /out"));
}

TEST_F(ChangesTest, AreNoneThatAreOnlyThereToBeMountedOver) {
  file("one/etc/passwd");
  directory("one/proc");
  file("upper/etc/hosts", "");
  file("upper/etc/resolv.conf", "written");
  directory("upper/dev");
  directory("upper/data/volume");
  directory("upper/full/inside");
  tree_.mount_points = {"/", "/etc/hosts", "/etc/resolv.conf", "/dev", "/data/volume", "/full", "/proc", "/../x", ""};
  EXPECT_THAT(changes(), ElementsAre("A /data", "C /etc", "A /etc/resolv.conf", "A /full", "A /full/inside"));
}

}  // namespace
}  // namespace caisson::changes
