#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "image/identity.h"
#include "image/layer_prune.h"
#include "image/layered_root.h"
#include "image/layers.h"
#include "image/owner_map.h"
#include "image/report.h"
#include "image/store_lock.h"
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

TEST(OwnerMaps, ComeBackAsTheyWere) {
  const OwnerMaps maps{.uids = {{.owner = 0, .becomes = 1, .count = 1000}, {.owner = 1000, .becomes = 0, .count = 1}},
                       .gids = {{.owner = 0, .becomes = 0, .count = 65536}}};
  EXPECT_EQ(owner_maps_text(maps), "0:1:1000,1000:0:1 0:0:65536\n");
  EXPECT_EQ(read_owner_maps(owner_maps_text(maps)).value(), maps);
  const std::string whole = owner_maps_text(maps);
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(read_owner_maps(whole.substr(0, length))) << length;
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
                    .lines = {"found", "a\nlot"},
                    .damaged = {{.chain_id = kDigest, .manifest = kDigest, .words = "a\tb: the mode is 1, not 2"}}};
  const Report read = read_report(report_text(good));
  EXPECT_EQ(read.warnings, good.warnings);
  EXPECT_EQ(*read.digest, kDigest);
  EXPECT_EQ(read.images, good.images);
  EXPECT_EQ(read.lines, good.lines);
  EXPECT_EQ(read.damaged, good.damaged);
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
  const Result<std::string> digest =
      child("[ \"$*\" = \"unpack --report --root " + store_ + " --sha256 1 --progress -- -x\" ] && printf 'done\\t" +
            kDigest + "\\n' >&3");
  EXPECT_EQ(digest.value_or(digest ? "" : digest.error().text()), kDigest);

  EXPECT_EQ(child("printf 'error\\topenat2\\t40\\tx\\ty\\t\\n' >&3; exit 1").error().text(),
            "y: openat2(x): Too many levels of symbolic links");
  EXPECT_THAT(child("kill -KILL $$").error().text(), testing::HasSubstr("SIGKILL"));
  EXPECT_THAT(child("exit 0").error().text(), testing::HasSubstr("without saying"));
  EXPECT_EQ(unpack_tarball({.transfer = store_ + "/none", .store = store_, .tarball = "x", .sha256 = {}}, Log())
                .error()
                .number,
            ENOENT);
}

TEST_F(LayersTest, OfImagesArePulledAndUnpackedByAChild) {
  const std::string script = store_ + "/transfer";
  std::ofstream(script) << "#!/bin/sh\nprintf '%s' \"$*\" >" << store_
                        << "/words\nprintf 'image\\t" + kDigest + "\\t" + kDigest + "\\tname\\ndone\\t" + kDigest +
                               "\\n' >&3\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  const auto words = [&] {
    std::ifstream file(store_ + "/words");
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  PullRequest pull{.transfer = script, .root = store_, .source = "busybox", .platform = {}, .authfile = {}};
  EXPECT_EQ(pull_image(pull, Log()).value(), (ReportedImage{.manifest = kDigest, .id = kDigest, .names = {"name"}}));
  EXPECT_EQ(words(), "pull --report --root " + store_ + " -- busybox");
  pull.platform = "linux/arm64";
  pull.authfile = "auth.json";
  pull.verify_tls = false;
  pull.quiet = true;
  ASSERT_TRUE(pull_image(pull, Log()));
  EXPECT_EQ(words(), "pull --report --root " + store_ +
                         " --platform linux/arm64 --authfile auth.json --tls-verify=false --quiet -- busybox");

  ASSERT_TRUE(unpack_image({.transfer = script,
                            .images = "images",
                            .store = store_,
                            .manifest = kDigest,
                            .uids = "5",
                            .gids = "6",
                            .progress = true},
                           Log()));
  EXPECT_EQ(words(),
            "layers --report --images images --store " + store_ + " --uids 5 --gids 6 --progress -- " + kDigest);
}

const std::string kOther = "sha256:" + std::string(64, 'b');
const std::string kImage = "sha256:" + std::string(64, 'c');

class ImageLayersTest : public LayersTest {
 protected:
  ImageLayersTest() {
    for (const char* directory : {"chain", "images", "lock", "sha256", "tmp"})
      std::filesystem::create_directories(store_ + "/layers/" + directory);
  }
  std::string tree(const std::string& chain_id) const {
    return store_ + "/layers/chain/" + chain_id.substr(7) + "/tree";
  }
  std::string record() const { return store_ + "/layers/images/" + kImage.substr(7); }
};

TEST_F(ImageLayersTest, AreFoundWhenAllAreThere) {
  EXPECT_EQ(find_image_layers(store_, kImage), std::nullopt);
  ASSERT_TRUE(remember_image_layers(store_, kImage, {kDigest, kOther}));
  EXPECT_EQ(find_image_layers(store_, kImage), std::nullopt);
  std::filesystem::create_directories(tree(kDigest));
  EXPECT_EQ(find_image_layers(store_, kImage), std::nullopt);
  std::filesystem::create_directories(tree(kOther));
  EXPECT_EQ(find_image_layers(store_, kImage), std::vector({tree(kOther), tree(kDigest)}));
  EXPECT_EQ(find_image_layers(store_, "sha256:../" + std::string(61, 'a')), std::nullopt);
  EXPECT_TRUE(std::filesystem::is_empty(store_ + "/layers/tmp"));
}

TEST_F(ImageLayersTest, OfADamagedRecordAreNotFound) {
  std::filesystem::create_directories(tree(kDigest));
  std::filesystem::create_directories(tree(kOther));
  for (const std::string& text : {std::string(), std::string("\n"), kDigest, kDigest + "\n" + kOther,
                                  kDigest + "\nsha256:../../x\n", kDigest + "\n\n"}) {
    std::ofstream(record()) << text;
    EXPECT_EQ(find_image_layers(store_, kImage), std::nullopt) << text;
    EXPECT_TRUE(chain_ids_of_image(store_, kImage).empty()) << text;
  }
}

TEST_F(ImageLayersTest, ThatNobodyNeedsAreRemoved) {
  ASSERT_TRUE(remember_image_layers(store_, kImage, {kDigest}));
  for (const std::string& chain_id : {kDigest, kOther}) {
    std::filesystem::create_directories(tree(chain_id));
    std::ofstream(tree(chain_id) + "/file") << std::string(5000, 'x');
  }
  const auto remove = [](const std::string& path) -> Result<> { return std::filesystem::remove_all(path), Result<>(); };
  bool image_is_there = true;
  std::set<std::string> in_use = {tree(kOther)};
  const LayersNeeded needed{.image = [&](const std::string&) { return image_is_there; },
                            .trees = [&]() -> Result<std::set<std::string>> { return in_use; }};
  const auto prune = [&] { return prune_layers(store_, needed, remove).value_or(PrunedLayers{.digests = {"failed"}}); };
  EXPECT_THAT(prune().digests, testing::IsEmpty());
  in_use.clear();
  const PrunedLayers pruned = prune();
  EXPECT_THAT(pruned.digests, testing::ElementsAre(kOther));
  EXPECT_GE(pruned.bytes, 5000);
  image_is_there = false;
  {
    // Somebody unpacks the image at this moment.
    const auto lock =
        open_locked(store_ + "/layers/lock/image." + kImage.substr(7), StoreLock::Kind::kShared, kernel::Lock::kTry);
    ASSERT_TRUE(lock && *lock);
    EXPECT_THAT(prune().digests, testing::IsEmpty());
  }
  {
    // Or one of its layers.
    const auto lock = open_locked(store_ + "/layers/lock/chain." + kDigest.substr(7), StoreLock::Kind::kExclusive,
                                  kernel::Lock::kTry);
    ASSERT_TRUE(lock && *lock);
    EXPECT_THAT(prune().digests, testing::IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(record()));
  }
  EXPECT_THAT(prune().digests, testing::ElementsAre(kDigest));
  EXPECT_TRUE(std::filesystem::is_empty(store_ + "/layers/chain"));
  EXPECT_TRUE(std::filesystem::is_empty(store_ + "/layers/tmp"));
}

// What several layers show together.
class LayeredRootTest : public LayersTest {
 protected:
  void file(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(store_ + "/" + path).parent_path());
    std::ofstream(store_ + "/" + path) << text;
  }
  std::string read(const std::string& path) const {
    const Result<std::string> text = read_in_layers({store_ + "/2", store_ + "/1"}, path, 100);
    return text ? *text : errno_words(text.error().number);
  }
};

TEST_F(LayeredRootTest, ShowsTheUppermostFile) {
  file("1/a/lower", "lower");
  file("1/a/both", "lower");
  file("2/a/both", "upper");
  EXPECT_EQ(read("/a/both"), "upper");
  EXPECT_EQ(read("a//./lower"), "lower");
  EXPECT_EQ(read("/a/none"), "No such file or directory");
  EXPECT_EQ(read("/a"), "Is a directory");
  EXPECT_EQ(read("/a/both/x"), "Not a directory");
}

TEST_F(LayeredRootTest, HidesWhatAFileOrAWhiteoutLiesOver) {
  file("1/a/x", "lower");
  file("1/b/x", "lower");
  file("2/a", "a file now");
  if (::mknod((store_ + "/2/b").c_str(), S_IFCHR, 0) != 0) GTEST_SKIP() << "no whiteouts on this file system";
  EXPECT_EQ(read("/a/x"), "Not a directory");
  EXPECT_EQ(read("/b/x"), "No such file or directory");
  EXPECT_EQ(read("/b"), "No such file or directory");
}

TEST_F(LayeredRootTest, FollowsLinksInside) {
  file("1/real/file", "inside");
  file("2/etc/x", "");
  const auto link = [&](const std::string& target, const std::string& name) {
    std::filesystem::create_symlink(target, store_ + "/" + name);
  };
  link("/real/file", "2/etc/absolute");
  link("../real/file", "2/etc/relative");
  link("../../../../../real/../real/file", "2/etc/beyond");
  link("../real", "2/etc/directory");
  link(store_ + "/1/real/file", "2/etc/host");
  link("loop", "2/etc/loop");
  link("/proc/self/exe", "2/etc/magic");
  for (const char* name : {"absolute", "relative", "beyond", "directory/file"})
    EXPECT_EQ(read(std::string("/etc/") + name), "inside") << name;
  for (const char* name : {"host", "magic"})
    EXPECT_EQ(read(std::string("/etc/") + name), "No such file or directory") << name;
  EXPECT_EQ(read("/etc/loop"), "Too many levels of symbolic links");
}

TEST_F(LayeredRootTest, ReadsRegularFilesOfABoundedSize) {
  file("1/large", std::string(101, 'x'));
  file("1/fits", std::string(100, 'x'));
  std::filesystem::create_directories(store_ + "/2");
  ASSERT_EQ(::mkfifo((store_ + "/2/fifo").c_str(), 0600), 0);
  EXPECT_EQ(read("/fits").size(), 100U);
  EXPECT_EQ(read("/large"), "File too large");
  EXPECT_EQ(read("/fifo"), "Invalid argument");
}

}  // namespace
}  // namespace caisson::image
