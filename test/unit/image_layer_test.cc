// Layers applied on top of each other: what becomes of each tree. What an overlay of them shows is
// test/system/layers.bats'.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "image/acl.h"
#include "image/extract.h"
#include "image/layer_name.h"
#include "image/layers.h"
#include "image_archive.h"
#include "kernel/files.h"

namespace caisson::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
namespace fs = std::filesystem;

std::string whiteout(const std::string& name) {
  const Place place = place_of(name);
  return file(joined(place.directory, ".wh." + place.base), "");
}
std::string opaque(const std::string& directory) { return file(joined(directory, ".wh..wh..opq"), ""); }
std::string directory_with(const std::string& name, unsigned mode, const std::string& mtime = "1000000000") {
  return pax(pax_record("mtime", mtime)) + entry({.name = name, .type = '5', .mode = mode});
}

class LayerTest : public testing::Test {
 protected:
  LayerTest() {
    ::umask(0);
    std::string path = testing::TempDir() + "layers.XXXXXX";
    top_ = ::mkdtemp(path.data());
  }
  ~LayerTest() override {
    const Result<> removed = kernel::remove_tree(top_);
    EXPECT_TRUE(removed) << removed.error().text();
  }

  // Applies a layer onto those before it, as an ordinary user does, and gives the error's text, or "".
  std::string apply(const std::string& archive) {
    const std::string tree = fmt::format("{}/{}", top_, trees_.size());
    fs::create_directory(tree);
    Pieces pieces(archive + end());
    TarReader reader(pieces);
    Extractor extractor(Fd(::open(tree.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), Privilege::kUser, {},
                        LowerTrees(trees_));
    trees_.insert(trees_.begin(), tree);
    const Result<> outcome = [&]() -> Result<> {
      TRY(extractor.begin());
      while (const std::optional<TarEntry> entry = TRY(reader.next())) TRY(extractor.apply(*entry, reader));
      return extractor.finish();
    }();
    notes_ = extractor.notes();
    return outcome ? "" : outcome.error().text();
  }

  // Takes the uppermost layer away.
  void undo() {
    const Result<> removed = kernel::remove_tree(trees_[0]);
    ASSERT_TRUE(removed) << removed.error().text();
    trees_.erase(trees_.begin());
  }

  struct stat status(const std::string& name) const {
    struct stat status{};
    EXPECT_EQ(::lstat((trees_[0] + "/" + name).c_str(), &status), 0) << name;
    return status;
  }

  // Everything in the uppermost tree, an entry a line: "d/" a directory, "f=content" a file, "-w" a whiteout,
  // "l>target" a link.
  std::vector<std::string> tree() const {
    std::vector<std::string> lines;
    for (const auto& found : fs::recursive_directory_iterator(trees_[0])) {
      const std::string name = found.path().lexically_relative(trees_[0]);
      if (found.is_symlink()) {
        lines.push_back(name + ">" + fs::read_symlink(found.path()).string());
      } else if (found.is_directory()) {
        lines.push_back(name + "/");
      } else if (found.is_character_file()) {
        EXPECT_TRUE(is_whiteout(status(name))) << name;
        lines.push_back("-" + name);
      } else {
        std::ifstream in(found.path());
        lines.push_back(name + "=" + std::string(std::istreambuf_iterator<char>(in), {}));
      }
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  std::string top_;
  std::vector<std::string> trees_;  // the uppermost first
  std::vector<std::string> notes_;
};

// ---- names ----------------------------------------------------------------------------------------------------------

struct NameCase {
  const char* name;
  LayerNameKind kind;
  const char* path;
};
TEST(LayerName, IsTakenApart) {
  for (const NameCase& row : {
           NameCase{"a/b", LayerNameKind::kFile, "a/b"},
           NameCase{"", LayerNameKind::kFile, ""},
           NameCase{"a/wh.b", LayerNameKind::kFile, "a/wh.b"},
           NameCase{"a/b.wh.", LayerNameKind::kFile, "a/b.wh."},
           NameCase{".wh.b", LayerNameKind::kWhiteout, "b"},
           NameCase{"a/.wh.b", LayerNameKind::kWhiteout, "a/b"},
           NameCase{"a/.wh..b", LayerNameKind::kWhiteout, "a/.b"},
           NameCase{"a/.wh....", LayerNameKind::kWhiteout, "a/..."},
           NameCase{".wh..wh..opq", LayerNameKind::kOpaque, ""},
           NameCase{"a/.wh..wh..opq", LayerNameKind::kOpaque, "a"},
           NameCase{".wh..wh.aufs", LayerNameKind::kLeftOut, ""},
           NameCase{".wh..wh.orph/x", LayerNameKind::kLeftOut, ""},
           NameCase{"a/.wh..wh.x", LayerNameKind::kLeftOut, ""},
           NameCase{".wh..wh.plnk", LayerNameKind::kFile, ".wh..wh.plnk"},
           NameCase{".wh..wh.plnk/1.2", LayerNameKind::kFile, ".wh..wh.plnk/1.2"},
           NameCase{".wh..wh.plnkx", LayerNameKind::kLeftOut, ""},
       }) {
    const Result<LayerName> name = read_layer_name(row.name);
    ASSERT_TRUE(name) << row.name << ": " << name.error().text();
    EXPECT_EQ(name->kind, row.kind) << row.name;
    EXPECT_EQ(name->path, row.path) << row.name;
  }
  for (const char* name : {".wh.", ".wh..", ".wh...", "a/.wh.", "a/.wh..", "a/.wh...", ".wh.a/b", "a/.wh.b/c"}) {
    EXPECT_FALSE(read_layer_name(name)) << name;
  }
}

TEST_F(LayerTest, RefusesReservedNames) {
  EXPECT_THAT(apply(file(".wh.d/f")),
              HasSubstr("'.wh.d/f': no directory in a layer may have a name that begins with '.wh.'"));
  EXPECT_THAT(apply(directory("d") + file("d/.wh...")), HasSubstr("'d/.wh...': it is a whiteout of no name"));
}

// ---- whiteouts ------------------------------------------------------------------------------------------------------

TEST_F(LayerTest, HidesWhatLiesBelowAndNothingElse) {
  EXPECT_EQ(apply(directory("d") + file("d/f") + file("d/kept") + directory("d/e") + file("d/e/f") + file("g")), "");
  EXPECT_EQ(apply(directory("d") + whiteout("d/f") + whiteout("d/e") + whiteout("g") + whiteout("d/none") +
                  whiteout("none/f")),
            "");
  EXPECT_THAT(tree(), ElementsAre("-d/e", "-d/f", "-g", "d/"));
  EXPECT_EQ(apply(whiteout("g") + whiteout("d/e/f")), "");
  EXPECT_THAT(tree(), IsEmpty()) << "what is gone cannot go again";
}

TEST_F(LayerTest, MakesNoWhiteoutsWhereNothingLiesBelow) {
  EXPECT_EQ(apply(directory("d") + whiteout("d/f") + opaque("d") + whiteout("e")), "");
  EXPECT_THAT(tree(), ElementsAre("d/"));
}

TEST_F(LayerTest, KeepsWhatTheLayerItselfHasOfAName) {
  const std::string below = directory("d") + file("d/f", "1") + directory("e") + file("e/old", "1");
  const std::string mine = file("d/f", "2") + directory("e") + file("e/new", "2");
  const std::string gone = whiteout("d/f") + whiteout("e");
  EXPECT_EQ(apply(below), "");
  EXPECT_EQ(apply(directory("d") + mine + gone), "");
  EXPECT_THAT(tree(), ElementsAre("-e/old", "d/", "d/f=2", "e/", "e/new=2"));
  undo();
  EXPECT_EQ(apply(directory("d") + gone + mine), "");
  EXPECT_THAT(tree(), ElementsAre("-e/old", "d/", "d/f=2", "e/", "e/new=2"));
}

TEST_F(LayerTest, HidesWithALinkWhatIsBehindItNowhereElse) {
  EXPECT_EQ(apply(directory("l") + file("l/x") + directory("d") + file("d/x")), "");
  EXPECT_EQ(apply(directory("d") + symbolic_link("l", "d") + whiteout("l")), "");
  EXPECT_THAT(tree(), ElementsAre("d/", "l>d"));
}

TEST_F(LayerTest, IsOpaqueTowardsTheLayersBelowAlone) {
  EXPECT_EQ(apply(directory("d") + file("d/a", "1") + file("d/b", "1") + directory("d/e") + file("d/e/old") +
                  directory("d/g")),
            "");
  EXPECT_EQ(apply(directory("d") + file("d/c", "2") + whiteout("d/b")), "");
  const std::string mine = file("d/a", "3") + directory("d/e") + file("d/e/new", "3");
  for (const std::string& layer : {mine + opaque("d"), opaque("d") + mine, mine + opaque("d") + opaque("d")}) {
    EXPECT_EQ(apply(directory("d") + layer), "");
    EXPECT_THAT(tree(), ElementsAre("-d/b", "-d/c", "-d/e/old", "-d/g", "d/", "d/a=3", "d/e/", "d/e/new=3"));
    undo();
  }
}

TEST_F(LayerTest, MayBeOpaqueAsAWhole) {
  EXPECT_EQ(apply(directory("d") + file("d/a", "1") + file("b", "1")), "");
  EXPECT_EQ(apply(directory("d") + opaque("") + file("c", "2")), "");
  EXPECT_THAT(tree(), ElementsAre("-b", "-d/a", "c=2", "d/"));
}

TEST_F(LayerTest, TakesWhiteoutsWithoutTheirDirectories) {
  EXPECT_EQ(apply(directory_with("d", 0750) + file("d/f") + file("d/g") + directory("d/e") + file("d/e/f") + file("h")),
            "");
  EXPECT_EQ(apply(whiteout("d/f")), "");
  EXPECT_THAT(tree(), ElementsAre("-d/f", "d/"));
  EXPECT_EQ(status("d").st_mode & 07777, 0750U);
  undo();
  // Some tools write both.
  for (const std::string& layer :
       {whiteout("d") + whiteout("d/f"), whiteout("d/f") + whiteout("d"), opaque("d") + whiteout("d")}) {
    EXPECT_EQ(apply(layer), "");
    EXPECT_THAT(tree(), ElementsAre("-d"));
    undo();
  }
  EXPECT_EQ(apply(whiteout("d/e/f") + file("d/e/new", "2") + opaque("none") + whiteout("h/f")), "");
  EXPECT_THAT(tree(), ElementsAre("-d/e/f", "d/", "d/e/", "d/e/new=2"));
}

TEST_F(LayerTest, TakesWhiteoutsWithoutTheirDirectoriesInAnyOrder) {
  EXPECT_EQ(apply(directory("a") + directory("a/d") + file("a/d/f") + file("a/g")), "");
  for (const std::string& layer : {whiteout("a/d") + whiteout("a/d/f"), whiteout("a/d/f") + whiteout("a/d")}) {
    EXPECT_EQ(apply(layer), "");
    EXPECT_THAT(tree(), ElementsAre("-a/d", "a/"));
    undo();
  }
}

TEST_F(LayerTest, TellsDirectoriesApartWhoseNamesBeginAlike) {
  EXPECT_EQ(apply(directory("d") + file("d/f") + directory("dx") + file("dx/g")), "");
  EXPECT_EQ(apply(whiteout("d/f") + whiteout("dx/g") + whiteout("d/g")), "");
  EXPECT_THAT(tree(), ElementsAre("-d/f", "-dx/g", "d/", "dx/"));
}

TEST_F(LayerTest, HidesNothingBehindALinkThatIsNotThere) {
  EXPECT_EQ(apply(directory("l") + directory("l/x") + file("l/x/y") + directory("d")), "");
  EXPECT_EQ(apply(directory("d") + symbolic_link("l", "d") + whiteout("l/x/y")), "");
  EXPECT_THAT(tree(), ElementsAre("d/", "l>d"));
}

TEST_F(LayerTest, MakesADirectoryAnewWhereItWasHidden) {
  EXPECT_EQ(apply(directory_with("d", 0750) + file("d/f") + directory("d/e") + file("d/e/f")), "");
  EXPECT_EQ(apply(whiteout("d") + file("d/e/new", "2")), "");
  EXPECT_THAT(tree(), ElementsAre("-d/e/f", "-d/f", "d/", "d/e/", "d/e/new=2"));
  EXPECT_EQ(status("d").st_mode & 07777, 0755U) << "it is not the one below";
}

TEST_F(LayerTest, LeavesOutWhatAufsKeepsOfItself) {
  EXPECT_EQ(apply(directory(".wh..wh.plnk") + file(".wh..wh.plnk/1.2", "linked") + file(".wh..wh.aufs") +
                  directory(".wh..wh.orph") + file(".wh..wh.orph/x") + hard_link("a", ".wh..wh.plnk/1.2") +
                  hard_link("b", ".wh..wh.plnk/1.2")),
            "");
  EXPECT_THAT(tree(), ElementsAre("a=linked", "b=linked"));
  EXPECT_EQ(status("a").st_ino, status("b").st_ino);
  EXPECT_EQ(status("a").st_nlink, 2U);
}

TEST_F(LayerTest, TakesNoOrdersToTheOverlayFromItsEntries) {
  EXPECT_EQ(apply(file("f") + file("g")), "");
  EXPECT_EQ(apply(device("f", 0, 0) + pax(pax_record("SCHILY.xattr.user.overlay.opaque", "y")) + directory("d") +
                  hard_link("g", "f")),
            "");
  EXPECT_THAT(tree(), ElementsAre("d/", "f=x", "g=x"));
  EXPECT_THAT(notes_,
              ElementsAre(HasSubstr("character devices 0/0 were left out"), HasSubstr("orders to the overlay")));
}

// ---- duplicates -----------------------------------------------------------------------------------------------------

TEST_F(LayerTest, LetsTheLaterEntryTakeThePlace) {
  EXPECT_EQ(apply(directory("below") + file("below/f") + file("other")), "");
  EXPECT_EQ(apply(file("f", "1") + file("f", "2") + directory("d") + file("d/f") + directory("d/e") + file("d", "3") +
                  file("g", "4") + directory("g") + file("g/f", "5") + directory("k") + file("k/kept", "6") +
                  directory("k") + directory("l") + file("l/f") + symbolic_link("l", "k")),
            "");
  EXPECT_THAT(tree(), ElementsAre("d=3", "f=2", "g/", "g/f=5", "k/", "k/kept=6", "l>k"));
}

TEST_F(LayerTest, KeepsHiddenWhatAFileInBetweenHid) {
  EXPECT_EQ(apply(directory("d") + file("d/old")), "");
  EXPECT_EQ(apply(file("d") + directory("d") + file("d/new", "2")), "");
  EXPECT_THAT(tree(), ElementsAre("-d/old", "d/", "d/new=2"));
}

// ---- directories without an entry -----------------------------------------------------------------------------------

TEST_F(LayerTest, ShowsDirectoriesWithoutAnEntryAsTheyAreBelow) {
  EXPECT_EQ(
      apply(directory_with(".", 0711, "5") + directory_with("d", 0750, "1") + directory_with("d/e", 01777, "2.5") +
            pax(pax_record("SCHILY.xattr.user.note", "kept")) + directory_with("x", 0700, "3")),
      "");
  EXPECT_EQ(apply(file("d/e/f")), "");
  EXPECT_EQ(status("").st_mode & 07777, 0711U);
  EXPECT_EQ(status("").st_mtim.tv_sec, 5);
  EXPECT_EQ(status("d").st_mode & 07777, 0750U);
  EXPECT_EQ(status("d").st_mtim.tv_sec, 1);
  EXPECT_EQ(status("d/e").st_mode & 07777, 01777U);
  EXPECT_EQ(status("d/e").st_mtim.tv_sec, 2);
  EXPECT_EQ(status("d/e").st_mtim.tv_nsec, 500'000'000);
  EXPECT_EQ(apply(file("d/e/new/f")), "");
  EXPECT_EQ(status("d/e").st_mtim.tv_sec, 2) << "two layers down";
  EXPECT_EQ(status("d/e/new").st_mode & 07777, 0755U);
  EXPECT_EQ(status("d/e/new").st_mtim.tv_sec, 1'000'000'000) << "as old as what it was made for";
}

TEST_F(LayerTest, LetsAnEntryHaveTheLastWordOnADirectory) {
  EXPECT_EQ(apply(pax(pax_record("SCHILY.xattr.user.note", "below")) + directory_with("d", 0700, "1")), "");
  EXPECT_EQ(apply(file("d/f") + directory_with("d", 0755, "7") + file("d/g")), "");
  EXPECT_LT(::getxattr((trees_[0] + "/d").c_str(), "user.note", nullptr, 0), 0);
  EXPECT_EQ(status("d").st_mode & 07777, 0755U);
  EXPECT_EQ(status("d").st_mtim.tv_sec, 7);
}

TEST_F(LayerTest, PutsBackTheTimesOfDirectoriesThatItComesBackTo) {
  std::string archive =
      directory_with("a", 0500, "1") + directory_with("b", 02500, "2") + directory_with("b/c", 0, "3");
  for (int i = 0; i < 3; ++i)
    archive += file(fmt::format("a/{}", i)) + file(fmt::format("b/c/{}", i)) + file(fmt::format("b/{}", i));
  EXPECT_EQ(apply(archive), "");
  EXPECT_EQ(status("a").st_mtim.tv_sec, 1);
  EXPECT_EQ(status("a").st_mode & 07777, 0500U);
  EXPECT_EQ(status("b").st_mtim.tv_sec, 2);
  EXPECT_EQ(status("b").st_mode & 07777, 02500U);
  EXPECT_EQ(status("b/c").st_mtim.tv_sec, 3);
  EXPECT_EQ(status("b/c").st_mode & 07777, 0U);
}

TEST_F(LayerTest, PassesNoDefaultAclOn) {
  const std::string acl = "user::rwx,user:1234:rwx,group::r-x,mask::rwx,other::---";
  const auto acl_of = [&](const std::string& name, const char* attribute) {
    return ::getxattr((trees_[0] + "/" + name).c_str(), attribute, nullptr, 0);
  };
  EXPECT_EQ(apply(pax(pax_record("SCHILY.acl.default", acl)) + directory("d") + file("d/f") + file("g") + file("d/h") +
                  directory("d/e")),
            "");
  if (acl_of("d", kDefaultAclAttribute) < 0) GTEST_SKIP() << "no access control lists on this file system";
  for (const char* name : {"d/f", "d/h", "d/e"}) EXPECT_LT(acl_of(name, kAccessAclAttribute), 0) << name;
  EXPECT_LT(acl_of("d/e", kDefaultAclAttribute), 0);
  EXPECT_EQ(status("d/h").st_mode & 07777, 0644U);
  EXPECT_EQ(apply(file("d/new")), "");
  EXPECT_GT(acl_of("d", kDefaultAclAttribute), 0) << "as it is below";
  EXPECT_LT(acl_of("d/new", kAccessAclAttribute), 0);
}

TEST_F(LayerTest, GoesDeeperThanDescriptorsReach) {
  const auto apply_with_few = [&](const std::string& archive) {
    struct rlimit before{};
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit few{.rlim_cur = 64, .rlim_max = before.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    std::string outcome = apply(archive);
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    return outcome;
  };
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += std::string(30, 'd') + "/";
  const auto deep_file = [&](const std::string& base) { return pax(pax_record("path", deep + base)) + file("f"); };
  EXPECT_EQ(apply_with_few(deep_file("f") + file("g") + deep_file("g") + deep_file("h")), "");
  EXPECT_THAT(tree(), SizeIs(100 + 4));
  EXPECT_EQ(apply_with_few(deep_file(".wh.f") + file("h") + deep_file("h")), "");
  EXPECT_THAT(tree(), SizeIs(100 + 3));
  EXPECT_THAT(apply_with_few(pax(pax_record("linkpath", deep)) + symbolic_link("l", "x") + deep_file("f") +
                             pax(pax_record("path", "l/" + deep + "f")) + file("f")),
              HasSubstr("it lies deeper than the 4095 bytes that a path may have"));
}

// ---- hard links to other layers -------------------------------------------------------------------------------------

TEST_F(LayerTest, CopiesUpWhatAHardLinkNamesBelow) {
  EXPECT_EQ(
      apply(directory_with("d", 0750, "1") + pax(pax_record("mtime", "2") + pax_record("SCHILY.xattr.user.note", "v")) +
            entry({.name = "d/f", .mode = 04711}, "below") + symbolic_link("d/l", "f")),
      "");
  EXPECT_EQ(apply(file("other")), "");
  EXPECT_EQ(apply(hard_link("h", "d/f") + hard_link("e/k", "d/l") + hard_link("i", "h")), "");
  EXPECT_THAT(tree(), ElementsAre("d/", "d/f=below", "d/l>f", "e/", "e/k>f", "h=below", "i=below"));
  EXPECT_EQ(status("h").st_ino, status("d/f").st_ino);
  EXPECT_EQ(status("h").st_nlink, 3U);
  EXPECT_EQ(status("h").st_mode & 07777, 04711U);
  EXPECT_EQ(status("h").st_mtim.tv_sec, 2);
  EXPECT_EQ(status("d").st_mode & 07777, 0750U);
  EXPECT_EQ(status("d").st_mtim.tv_sec, 1);
}

TEST_F(LayerTest, RemovesAfterwardsWhatWasCopiedUpForALink) {
  EXPECT_EQ(apply(file("f", "1") + file("g", "1")), "");
  EXPECT_EQ(apply(hard_link("h", "f") + whiteout("f")), "");
  EXPECT_THAT(tree(), ElementsAre("-f", "h=1"));
  undo();
  EXPECT_EQ(apply(hard_link("h", "f") + file("f", "2") + whiteout("f")), "");
  EXPECT_THAT(tree(), ElementsAre("f=2", "h=1"));
  undo();
  EXPECT_EQ(apply(hard_link("h", "f") + opaque("")), "");
  EXPECT_THAT(tree(), ElementsAre("-f", "-g", "h=1"));
}

TEST_F(LayerTest, LinksNothingThatIsGone) {
  EXPECT_EQ(apply(file("f") + directory("d") + file("d/f") + file("e")), "");
  EXPECT_EQ(apply(whiteout("e")), "");
  EXPECT_THAT(apply(hard_link("h", "e")), HasSubstr("target of the hard link: fstatat(e): No such file"));
  EXPECT_THAT(apply(whiteout("f") + hard_link("h", "f")), HasSubstr("f is gone by this layer's own words"));
  undo();
  EXPECT_THAT(apply(whiteout("d") + hard_link("h", "d/f")), HasSubstr("target of the hard link: fstatat(d/f)"));
  EXPECT_THAT(apply(hard_link("h", "d")), HasSubstr("directory"));
}

TEST_F(LayerTest, KeepsTheHolesOfWhatItCopiesUp) {
  const std::string map = pax_record("GNU.sparse.map", "1048576,1") + pax_record("GNU.sparse.size", "4194304");
  EXPECT_EQ(apply(pax(map) + file("s", "x")), "");
  const auto blocks = status("s").st_blocks;
  EXPECT_EQ(apply(hard_link("h", "s")), "");
  EXPECT_EQ(status("h").st_size, 4194304);
  EXPECT_EQ(status("h").st_blocks, blocks);
  std::ifstream in(trees_[0] + "/h");
  in.seekg(1048576);
  EXPECT_EQ(in.get(), 'x');
}

}  // namespace
}  // namespace caisson::image
