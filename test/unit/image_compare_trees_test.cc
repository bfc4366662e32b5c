#include "image/compare_trees.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "kernel/files.h"
#include "temporary_directory.h"

namespace caisson::image {
namespace {

constexpr struct timespec kTimes[] = {{1, 2}, {3, 4}};

void write(const std::string& path, const std::string& content) { std::ofstream(path, std::ios::binary) << content; }

class CompareTrees : public testing::Test {
 protected:
  CompareTrees() {
    fill(one_);
    fill(other_);
  }

  static void fill(const std::string& top) {
    std::filesystem::create_directories(top + "/etc/deep");
    write(top + "/etc/passwd", "root");
    write(top + "/etc/deep/large", std::string(300'000, 'x'));
    std::filesystem::create_hard_link(top + "/etc/passwd", top + "/etc/second");
    std::filesystem::create_symlink("/nowhere", top + "/link");
    ::mkfifo((top + "/fifo").c_str(), 0600);
    set_times(top);
  }
  static void set_times(const std::string& top) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top))
      ::utimensat(AT_FDCWD, entry.path().c_str(), kTimes, AT_SYMLINK_NOFOLLOW);
    ::utimensat(AT_FDCWD, top.c_str(), kTimes, 0);
  }

  // The first difference, once the times are the same again.
  std::string difference() {
    set_times(one_);
    return difference_as_it_is();
  }
  std::string difference_as_it_is() {
    const Fd one = kernel::open_file(one_, O_PATH | O_DIRECTORY).value();
    const Fd other = kernel::open_file(other_, O_PATH | O_DIRECTORY).value();
    const auto compared = compare_trees(one.get(), other.get());
    if (!compared) return "error: " + compared.error().text();
    return compared->value_or("");
  }

  TemporaryDirectory place_;
  std::string one_ = place_ / "one";
  std::string other_ = place_ / "other";
};

TEST_F(CompareTrees, TheSameIsTheSame) { EXPECT_EQ(difference(), ""); }

TEST_F(CompareTrees, Content) {
  write(one_ + "/etc/deep/large", std::string(299'999, 'x') + "y");
  EXPECT_EQ(difference(), "etc/deep/large: the content is another");
}
TEST_F(CompareTrees, Size) {
  write(one_ + "/etc/deep/large", "x");
  EXPECT_EQ(difference(), "etc/deep/large: the size is 1, not 300000");
}
TEST_F(CompareTrees, Mode) {
  ::chmod((one_ + "/etc").c_str(), 0700);
  EXPECT_EQ(difference(), "etc: the mode is 700, not 755");
}
TEST_F(CompareTrees, Kind) {
  std::filesystem::remove(one_ + "/link");
  write(one_ + "/link", "");
  EXPECT_EQ(difference(), "link: it is of another kind");
}
TEST_F(CompareTrees, Target) {
  std::filesystem::remove(one_ + "/link");
  std::filesystem::create_symlink("/now/ere", one_ + "/link");
  EXPECT_EQ(difference(), "link: it points elsewhere");
}
TEST_F(CompareTrees, Time) {
  ::utimensat(AT_FDCWD, (one_ + "/etc/deep").c_str(), nullptr, 0);
  EXPECT_EQ(difference_as_it_is(), "etc/deep: the time of modification is another");
}
TEST_F(CompareTrees, Missing) {
  std::filesystem::remove(one_ + "/fifo");
  EXPECT_EQ(difference(), "fifo: it is missing");
}
TEST_F(CompareTrees, TooMuch) {
  write(one_ + "/etc/deep/more", "");
  EXPECT_EQ(difference(), "etc/deep/more: it should not be there");
}
TEST_F(CompareTrees, HardLinks) {
  std::filesystem::remove(one_ + "/etc/second");
  write(one_ + "/etc/second", "root");
  EXPECT_THAT(difference(), testing::HasSubstr(": it has 1 names, not 2"));
}
TEST_F(CompareTrees, Attributes) {
  if (::setxattr((one_ + "/etc").c_str(), "user.color", "red", 3, 0) != 0) GTEST_SKIP() << "no attributes here";
  EXPECT_EQ(difference(), "etc: the extended attributes are others");
}
TEST_F(CompareTrees, Owner) {
  if (::geteuid() != 0) GTEST_SKIP() << "not root";
  ASSERT_EQ(::lchown((one_ + "/link").c_str(), 1, 2), 0);
  EXPECT_EQ(difference(), "link: the owner is 1:2, not 0:0");
}

}  // namespace
}  // namespace caisson::image
