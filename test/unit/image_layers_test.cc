#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "image/identity.h"
#include "image/layers.h"
#include "image/report.h"
#include "image/transfer_child.h"

#include <sys/stat.h>
#include <unistd.h>

namespace caisson::image {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

TEST(FileIdentity, IsRememberedOnlyAsItWas) {
  const FileIdentity identity{.device = 0x801, .inode = 18, .size = 100, .mtime_ns = 5, .ctime_ns = 6};
  EXPECT_EQ(identity.key(), "801-12");
  const std::string entry = index_entry(identity, kDigest);
  EXPECT_EQ(digest_in_entry(entry, identity), kDigest);
  for (std::int64_t FileIdentity::* field : {&FileIdentity::size, &FileIdentity::mtime_ns, &FileIdentity::ctime_ns}) {
    FileIdentity changed = identity;
    changed.*field += 1;
    EXPECT_EQ(digest_in_entry(entry, changed), std::nullopt);
  }
  for (const std::string& broken : {std::string(), std::string("\n"), entry.substr(0, entry.size() - 1), entry + "x",
                                    "100 5 6 sha256:" + std::string(64, 'A') + "\n", std::string("100 5 6 \n")}) {
    EXPECT_EQ(digest_in_entry(broken, identity), std::nullopt) << broken;
  }
}

TEST(FileIdentity, IsRacyForTwoSecondsAfterAChange) {
  const std::int64_t now = 1'000'000'000'000;
  EXPECT_TRUE((FileIdentity{.ctime_ns = now - 1'900'000'000}.racy_at(now)));
  EXPECT_FALSE((FileIdentity{.ctime_ns = now - 2'100'000'000}.racy_at(now)));
  EXPECT_TRUE((FileIdentity{.ctime_ns = now + 5}.racy_at(now)));
  EXPECT_FALSE((FileIdentity{.mtime_ns = now + 5, .ctime_ns = 1}.racy_at(now))) << "a time set by touch says nothing";
}

class LayersTest : public testing::Test {
 protected:
  LayersTest() {
    std::string path = testing::TempDir() + "layers.XXXXXX";
    store_ = ::mkdtemp(path.data());
    tarball_ = store_ + "/tarball";
    std::ofstream(tarball_) << "content";
  }
  ~LayersTest() override { std::filesystem::remove_all(store_); }

  void remember(const std::string& text) {
    struct stat status{};
    ASSERT_EQ(::stat(tarball_.c_str(), &status), 0);
    std::filesystem::create_directories(store_ + "/layers/index");
    std::ofstream(store_ + "/layers/index/" + identity_of(status).key()) << text;
  }
  std::string entry() const {
    struct stat status{};
    (void)::stat(tarball_.c_str(), &status);
    return index_entry(identity_of(status), kDigest);
  }

  std::string store_;
  std::string tarball_;
};

TEST_F(LayersTest, AreFoundByTheTarballsIdentity) {
  EXPECT_EQ(find_layer(store_, tarball_)->has_value(), false) << "nothing is known";
  remember(entry());
  EXPECT_EQ(find_layer(store_, tarball_)->has_value(), false) << "not unpacked";
  std::filesystem::create_directories(store_ + "/layers/sha256/" + kDigest.substr(7) + "/tree");
  const Result<std::optional<Layer>> found = find_layer(store_, tarball_);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->digest, kDigest);
  EXPECT_EQ((*found)->tree, store_ + "/layers/sha256/" + kDigest.substr(7) + "/tree");

  std::ofstream(tarball_, std::ios::app) << "more";
  EXPECT_EQ(find_layer(store_, tarball_)->has_value(), false) << "the tarball has changed";
}

TEST_F(LayersTest, AreNotLookedForInWhatIsNoFile) {
  EXPECT_EQ(find_layer(store_, store_)->has_value(), false);
  EXPECT_EQ(find_layer(store_, store_ + "/none").error().number, ENOENT);
  EXPECT_EQ(find_layer_by_digest(store_, "sha256:../../x"), std::nullopt);
}

bool operator==(const Error& a, const Error& b) {
  return a.call == b.call && a.number == b.number && a.operand == b.operand && a.item == b.item && a.hint == b.hint;
}

TEST(Report, ComesBackAsItWas) {
  const Report good{.warnings = {"a\tb\nc\\d", "e"},
                    .digest = kDigest,
                    .images = {{.manifest = kDigest, .id = kDigest, .names = {"a", "b\tc"}}, {kDigest, kDigest, {}}},
                    .lines = {"found", "a\nlot"}};
  const Report read = read_report(report_text(good));
  EXPECT_EQ(read.warnings, good.warnings);
  EXPECT_EQ(*read.digest, kDigest);
  EXPECT_EQ(read.images, good.images);
  EXPECT_EQ(read.lines, good.lines);
  EXPECT_EQ(*read_report(report_text({.warnings = {}, .digest = ""})).digest, "");

  const Error error{
      .call = "openat2", .number = ELOOP, .operand = "a\tb", .item = "x.tar: 'a\\t'", .hint = "try\nthat"};
  EXPECT_TRUE(read_report(report_text({.warnings = {}, .digest = fail(error)})).digest.error() == error);
}

TEST(Report, ThatBreaksOffIsAnError) {
  const std::string whole = report_text({.warnings = {"w"}, .digest = kDigest});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(read_report(whole.substr(0, length)).digest) << length;
  }
  EXPECT_FALSE(read_report("done\tsha256:short\n").digest);
}

// The transfer program is stood in for by a shell that says what the test wants.
TEST_F(LayersTest, AreUnpackedByAChild) {
  const std::string script = store_ + "/transfer";
  const auto child = [&](const std::string& body) {
    std::ofstream(script) << "#!/bin/sh\n" << body << "\n";
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    return unpack_tarball({.transfer = script, .store = store_, .tarball = "-x", .sha256 = "1", .progress = true},
                          Log());
  };
  std::filesystem::create_directories(store_ + "/layers/sha256/" + kDigest.substr(7) + "/tree");
  const Result<Layer> layer = child("[ \"$*\" = \"unpack --report --root " + store_ +
                                    " --sha256 1 --progress -- -x\" ] && printf 'done\\t" + kDigest + "\\n' >&3");
  ASSERT_TRUE(layer) << layer.error().text();
  EXPECT_EQ(layer->digest, kDigest);

  EXPECT_EQ(child("printf 'error\\topenat2\\t40\\tx\\ty\\t\\n' >&3; exit 1").error().text(),
            "y: openat2(x): Too many levels of symbolic links");
  EXPECT_THAT(child("kill -KILL $$").error().text(), testing::HasSubstr("SIGKILL"));
  EXPECT_THAT(child("exit 0").error().text(), testing::HasSubstr("without saying"));
  EXPECT_EQ(unpack_tarball({.transfer = store_ + "/none", .store = store_, .tarball = "x", .sha256 = {}}, Log())
                .error()
                .number,
            ENOENT);
}

TEST_F(LayersTest, OfImagesAreUnpackedByAChild) {
  const std::string script = store_ + "/transfer";
  const std::string tree = store_ + "/layers/chain/" + kDigest.substr(7) + "/tree";
  std::ofstream(script)
      << "#!/bin/sh\n[ \"$*\" = 'layer --report --store " << store_
      << " --blob b --digest 1 --size 22 --diff-id 3 --chain-id 4 --lower x --lower y --uids 5 --gids 6 --progress' ] "
         "&& printf 'done\\t" +
             kDigest + "\\n' >&3\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  const LayerRequest request{.transfer = script,
                             .store = store_,
                             .blob = "b",
                             .digest = "1",
                             .size = 22,
                             .diff_id = "3",
                             .chain_id = "4",
                             .lower = {"x", "y"},
                             .uids = "5",
                             .gids = "6",
                             .progress = true};
  EXPECT_THAT(unpack_layer(request, Log()).error().text(), testing::HasSubstr("but it is not in"));
  std::filesystem::create_directories(tree);
  const Result<Layer> layer = unpack_layer(request, Log());
  ASSERT_TRUE(layer) << layer.error().text();
  EXPECT_EQ(layer->tree, tree);
}

}  // namespace
}  // namespace caisson::image
