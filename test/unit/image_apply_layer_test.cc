// Layers of images in the store: what is checked, and what is left of those that are not what they should be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include <sys/stat.h>
#include <zstd.h>

#include "image/apply_layer.h"
#include "image/chain_id.h"
#include "image/digest.h"
#include "image/layers.h"
#include "image_archive.h"

namespace caisson::image {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

std::string zstd(const std::string& data) {
  std::string out(ZSTD_compressBound(data.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), data.data(), data.size(), 1));
  return out;
}

TEST(ChainId, IsThatOfTheLayerOnThoseBelow) {
  const std::string a = "sha256:" + std::string(64, 'a');
  const std::string b = "sha256:" + std::string(64, 'b');
  EXPECT_EQ(*chain_id("", a, digest_of), a);
  // printf 'sha256:a… sha256:b…' | sha256sum
  EXPECT_EQ(*chain_id(a, b, digest_of), "sha256:ccd722928bd92476ba1745586fed6e45a102504185ad88cd89e01ff116fd146c");
}

TEST(ChainId, StandsInThePathOfATree) {
  const std::string hex(64, 'a');
  EXPECT_EQ(chain_id_of_tree("/s/layers/chain/" + hex + "/tree"), "sha256:" + hex);
  const std::vector<std::string> others = {"",
                                           "/tree",
                                           "/s/layers/sha256/" + hex + "/tree",
                                           "/s/layers/chain/" + hex,
                                           "/s/layers/chain/" + hex + "/tree/",
                                           "/s/layers/chain/x/tree"};
  for (const std::string& tree : others) {
    EXPECT_EQ(chain_id_of_tree(tree), std::nullopt) << tree;
  }
}

class ApplyLayerTest : public testing::Test {
 protected:
  ApplyLayerTest() {
    std::string path = testing::TempDir() + "chain.XXXXXX";
    top_ = ::mkdtemp(path.data());
  }
  ~ApplyLayerTest() override { fs::remove_all(top_); }

  // What an image would say of a layer on `lower`, whose blob is `stored` and has the archive `archive` in it.
  LayerOptions layer(const std::string& archive, const std::string& stored, std::vector<std::string> lower = {}) {
    LayerOptions options{.store = top_ + "/store", .blob = top_ + "/blob", .lower = std::move(lower)};
    std::ofstream(options.blob, std::ios::binary) << stored;
    options.digest = *digest_of(stored);
    options.size = stored.size();
    options.diff_id = *digest_of(archive);
    options.chain_id =
        *chain_id(options.lower.empty() ? "" : *chain_id_of_tree(options.lower[0]), options.diff_id, digest_of);
    return options;
  }

  static std::string outcome(const LayerOptions& options) {
    const Result<Unpacked> unpacked = apply_layer(options);
    if (!unpacked) return unpacked.error().text();
    EXPECT_EQ(unpacked->digest, options.chain_id);
    return "";
  }

  std::string tree(const LayerOptions& options) const {
    const std::optional<Layer> found = find_layer_by_chain(options.store, options.chain_id);
    EXPECT_TRUE(found);
    return found ? found->tree : "";
  }

  // The names of the layers that are there, or begun.
  std::vector<std::string> kept() const {
    std::vector<std::string> names;
    for (const char* directory : {"chain", "tmp", "sha256"}) {
      const std::string path = top_ + "/store/layers/" + directory;
      if (!fs::exists(path)) continue;
      for (const auto& found : fs::directory_iterator(path)) names.push_back(found.path().lexically_relative(path));
    }
    return names;
  }

  std::string top_;
  const std::string archive_ = directory("d") + file("d/f", "hello") + end();
};

TEST_F(ApplyLayerTest, HoldsALayerUnderItsChainId) {
  const LayerOptions below = layer(archive_, zstd(archive_));
  EXPECT_EQ(outcome(below), "");
  EXPECT_TRUE(fs::exists(tree(below) + "/d/f"));
  const std::string archive = directory("d") + file("d/.wh.f", "") + end();
  const LayerOptions above = layer(archive, archive, {tree(below)});
  EXPECT_EQ(outcome(above), "");
  EXPECT_TRUE(fs::is_character_file(tree(above) + "/d/f"));
  fs::remove(above.blob);
  EXPECT_EQ(outcome(above), "") << "the blob is not needed any more";
}

TEST_F(ApplyLayerTest, RefusesWhatIsNotWhatTheImageSays) {
  const LayerOptions good = layer(archive_, zstd(archive_));
  const std::string other = "sha256:" + std::string(64, '1');

  LayerOptions wrong = good;
  wrong.digest = other;
  EXPECT_EQ(outcome(wrong),
            good.blob + ": it has the digest " + good.digest + ", not " + other + " as the image's manifest says");
  wrong = good;
  wrong.size -= 1;
  EXPECT_EQ(outcome(wrong), fmt::format("{}: it has {} bytes, not {} as the image's manifest says", good.blob,
                                        good.size, good.size - 1));
  wrong = good;
  wrong.diff_id = wrong.chain_id = other;
  EXPECT_EQ(outcome(wrong), good.blob + ": the archive in it has the digest " + good.diff_id + ", not the DiffID " +
                                other + " of the image's configuration");
  wrong = good;
  wrong.chain_id = other;
  EXPECT_EQ(outcome(wrong), "the chain id of this layer on those below is " + good.chain_id + ", not " + other);
  for (std::string LayerOptions::* field : {&LayerOptions::digest, &LayerOptions::diff_id, &LayerOptions::chain_id}) {
    wrong = good;
    wrong.*field = "sha512:" + std::string(128, '1');
    EXPECT_THAT(outcome(wrong), HasSubstr("not 'sha256:' and 64 hexadecimal digits: 'sha512:1"));
  }
  wrong = good;
  wrong.blob = top_;
  EXPECT_THAT(outcome(wrong), HasSubstr("this is not a file"));
  wrong.blob = top_ + "/none";
  EXPECT_THAT(outcome(wrong), HasSubstr("none): No such file"));
  EXPECT_THAT(kept(), IsEmpty());
}

TEST_F(ApplyLayerTest, BlamesTheBlobForWhatADamagedOneLeadsTo) {
  std::string stored = zstd(archive_);
  const LayerOptions good = layer(archive_, stored);
  for (std::size_t i = 0; i < stored.size(); ++i) {
    std::string damaged = stored;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
    std::ofstream(good.blob, std::ios::binary) << damaged;
    EXPECT_EQ(outcome(good), fmt::format("{}: it has the digest {}, not {} as the image's manifest says", good.blob,
                                         *digest_of(damaged), good.digest))
        << i;
  }
  EXPECT_THAT(kept(), IsEmpty());
}

TEST_F(ApplyLayerTest, TellsWhatIsWrongWithAnEntryOfTheRightBlob) {
  const std::string archive = directory("d") + file("d/f") + file("../x") + end();
  const LayerOptions options = layer(archive, zstd(archive + std::string(1'000'000, 'z')));
  EXPECT_EQ(outcome(options), options.blob + ": '../x': the name has a '..' in it, which could lead out of the root");
  EXPECT_THAT(kept(), IsEmpty());
}

TEST_F(ApplyLayerTest, CountsWhatFollowsTheArchiveIntoTheDiffId) {
  const std::string archive = archive_ + std::string(3'000'000, '\0');
  LayerOptions options = layer(archive_, zstd(archive));
  EXPECT_THAT(outcome(options), HasSubstr("not the DiffID"));
  EXPECT_EQ(outcome(layer(archive, zstd(archive))), "");
}

TEST_F(ApplyLayerTest, WantsTheLayersBelowWhereAStoreHasThem) {
  const LayerOptions below = layer(archive_, archive_);
  EXPECT_EQ(outcome(below), "");
  const std::string archive = file("g") + end();
  LayerOptions above = layer(archive, archive, {tree(below)});
  above.lower = {top_};
  EXPECT_EQ(outcome(above), top_ + ": this is not where a store has the tree of a layer");
  above.lower = {top_ + "/store/layers/chain/" + std::string(64, '2') + "/tree"};
  EXPECT_EQ(outcome(above), above.lower[0] + ": the layer below is not there");
  above.lower = {};
  EXPECT_THAT(outcome(above), HasSubstr("the chain id of this layer on those below is " + above.diff_id));
}

TEST_F(ApplyLayerTest, UnpacksOnceForAllAtOnce) {
  const std::string archive = directory("d") + file("d/f", std::string(1'000'000, 'f')) + end();
  const LayerOptions options = layer(archive, zstd(archive));
  std::vector<std::thread> threads;
  std::vector<std::string> outcomes(8);
  for (std::string& result : outcomes) threads.emplace_back([&] { result = outcome(options); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(outcomes, Each(""));
  EXPECT_THAT(kept(), testing::ElementsAre(options.chain_id.substr(7)));
}

}  // namespace
}  // namespace caisson::image
