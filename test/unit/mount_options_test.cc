#include <linux/mount.h>
#include <sched.h>

#include "explain/names.h"
#include "plan/builder.h"
#include "plan/mount_options.h"
#include "plan_fixture.h"

namespace caisson::plan {
namespace {

constexpr std::uint64_t kRecursive = 1U << 14, kPrivate = 1U << 18, kSlave = 1U << 19, kShared = 1U << 20;

struct OptionCase {
  const char* words;
  MountOptions options;
};
void PrintTo(const OptionCase& row, std::ostream* out) { *out << row.words; }

class MountWords : public testing::TestWithParam<OptionCase> {};
TEST_P(MountWords, MeanWhatMountSaysTheyDo) {
  std::istringstream stream(GetParam().words);
  std::vector<std::string> words;
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  const MountOptions read = read_mount_options(words);
  const MountOptions& expected = GetParam().options;
  EXPECT_EQ(read.set, expected.set);
  EXPECT_EQ(read.clear, expected.clear);
  EXPECT_EQ(read.recursive_set, expected.recursive_set);
  EXPECT_EQ(read.recursive_clear, expected.recursive_clear);
  EXPECT_EQ(read.propagation, expected.propagation);
  EXPECT_EQ(read.bind, expected.bind);
  EXPECT_EQ(read.recursive_bind, expected.recursive_bind);
  EXPECT_EQ(read.copy_up, expected.copy_up);
  EXPECT_EQ(read.copy_up_to_bind, expected.copy_up_to_bind);
  EXPECT_EQ(read.idmap, expected.idmap);
  EXPECT_EQ(read.recursive_idmap, expected.recursive_idmap);
  EXPECT_EQ(read.id_maps, expected.id_maps);
  EXPECT_EQ(read.copy_link, expected.copy_link);
  EXPECT_EQ(read.no_follow_source, expected.no_follow_source);
  EXPECT_EQ(read.no_follow_target, expected.no_follow_target);
  EXPECT_EQ(read.data, expected.data);
}
INSTANTIATE_TEST_SUITE_P(
    Table, MountWords,
    testing::Values(
        OptionCase{"", {}}, OptionCase{"defaults", {}}, OptionCase{"ro", {.set = MOUNT_ATTR_RDONLY}},
        OptionCase{"rw", {.clear = MOUNT_ATTR_RDONLY}}, OptionCase{"ro,rw", {.clear = MOUNT_ATTR_RDONLY}},
        OptionCase{"rw,ro", {.set = MOUNT_ATTR_RDONLY}},
        OptionCase{"nosuid,nodev,noexec", {.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC}},
        OptionCase{"nosuid,suid,dev,exec", {.clear = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC}},
        OptionCase{"noatime", {.set = MOUNT_ATTR_NOATIME, .clear = MOUNT_ATTR__ATIME}},
        OptionCase{"noatime,strictatime", {.set = MOUNT_ATTR_STRICTATIME, .clear = MOUNT_ATTR__ATIME}},
        OptionCase{"strictatime,relatime", {.clear = MOUNT_ATTR__ATIME}},
        OptionCase{"nodiratime,nosymfollow", {.set = MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW}},
        OptionCase{"bind", {.bind = true}}, OptionCase{"rbind", {.bind = true, .recursive_bind = true}},
        OptionCase{"bind,rro", {.recursive_set = MOUNT_ATTR_RDONLY, .bind = true}},
        OptionCase{"rro,rrw,rnosuid", {.recursive_set = MOUNT_ATTR_NOSUID, .recursive_clear = MOUNT_ATTR_RDONLY}},
        OptionCase{"rslave", {.propagation = kSlave | kRecursive}},
        OptionCase{"rslave,shared", {.propagation = kShared}},
        OptionCase{"rprivate", {.propagation = kPrivate | kRecursive}}, OptionCase{"tmpcopyup", {.copy_up = true}},
        OptionCase{"copyup", {.copy_up = true, .copy_up_to_bind = true}},
        OptionCase{"size=64m,mode=1777", {.data = {"size=64m", "mode=1777"}}},
        OptionCase{"newinstance,ro", {.set = MOUNT_ATTR_RDONLY, .data = {"newinstance"}}},
        OptionCase{"bind,sync,silent,noiversion", {.bind = true}}, OptionCase{"sync,loud", {.data = {"sync"}}},
        OptionCase{"bind,copy-symlink", {.bind = true, .copy_link = true, .no_follow_source = true}},
        OptionCase{"rbind,src-nofollow,dest-nofollow",
                   {.bind = true, .recursive_bind = true, .no_follow_source = true, .no_follow_target = true}},
        OptionCase{"bind,ridmap=uids=0-1-2;gids=0-0-1",
                   {.bind = true, .idmap = true, .recursive_idmap = true, .id_maps = "uids=0-1-2;gids=0-0-1"}},
        OptionCase{"rolling,r", {.data = {"rolling", "r"}}}),
    [](const auto& row) { return "row" + std::to_string(row.index); });

TEST(Propagation, HasAWordForEachOfItsFlags) {
  for (const char* word :
       {"private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable"}) {
    EXPECT_EQ(propagation_word(propagation_flags(word)), word);
  }
  EXPECT_EQ(propagation_flags("public"), 0U);
  EXPECT_EQ(propagation_word(0), "");
}

TEST(Namespaces, HaveTheirFlagsAndFiles) {
  EXPECT_EQ(clone_flag(NamespaceType::kMount), std::uint64_t{CLONE_NEWNS});
  EXPECT_EQ(clone_flag(NamespaceType::kPid), std::uint64_t{CLONE_NEWPID});
  EXPECT_EQ(clone_flag(NamespaceType::kNetwork), std::uint64_t{CLONE_NEWNET});
  EXPECT_EQ(clone_flag(NamespaceType::kIpc), std::uint64_t{CLONE_NEWIPC});
  EXPECT_EQ(clone_flag(NamespaceType::kUts), std::uint64_t{CLONE_NEWUTS});
  EXPECT_EQ(clone_flag(NamespaceType::kUser), std::uint64_t{CLONE_NEWUSER});
  EXPECT_EQ(clone_flag(NamespaceType::kCgroup), std::uint64_t{CLONE_NEWCGROUP});
  EXPECT_EQ(clone_flag(NamespaceType::kTime), 0x80U);
  EXPECT_EQ(namespace_file(NamespaceType::kMount), "mnt");
  EXPECT_EQ(namespace_file(NamespaceType::kTime), "time");
  for (const char* name : {"RLIMIT_NOFILE", "RLIMIT_STACK"}) EXPECT_GE(limit_number(name), 0);
  EXPECT_EQ(limit_number("RLIMIT_FUN"), -1);
}

}  // namespace
}  // namespace caisson::plan
