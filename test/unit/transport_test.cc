// Images fetched into the store and delivered from it, with sources and destinations made up here.
#include "transport/deliver.h"
#include "transport/fetch.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <mutex>

#include "image/digest.h"
#include "image/digest_name.h"
#include "image/index.h"
#include "image/media_type.h"
#include "image_store_fixture.h"
#include "kernel/files.h"

namespace caisson::transport {
namespace {

using image::Descriptor;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const std::vector<image::Platform> kAmd64 = {{.os = "linux", .architecture = "amd64"}};

Descriptor described(std::string_view media_type, const std::string& bytes) {
  return {.media_type = std::string(media_type),
          .digest = image::digest_of(bytes).value(),
          .size = static_cast<std::int64_t>(bytes.size())};
}

// An image in memory, and how its source behaves.
class FakeSource : public Source {
 public:
  std::string text() const override { return "fake"; }
  Result<Document> top() override { return top_; }
  Result<Document> document(const Descriptor& descriptor) override { return Document{contents_.at(descriptor.digest)}; }
  Result<> blob(const Descriptor& descriptor, std::int64_t offset, Sink& sink) override {
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back({descriptor.digest, offset});
    }
    std::string bytes = contents_.at(descriptor.digest);
    if (begins_anew_) {
      TRY(sink.restart());
      offset = 0;
    }
    std::string_view rest = std::string_view(bytes).substr(static_cast<std::size_t>(offset));
    const bool cut = cut_at_ < static_cast<std::int64_t>(rest.size());
    if (cut) rest = rest.substr(0, static_cast<std::size_t>(std::max<std::int64_t>(cut_at_, 0)));
    for (const char c : rest) TRY(sink.write({&c, 1}));
    return cut ? Result<>(fail(complaint("cut off"))) : Result<>();
  }

  Descriptor add(std::string_view media_type, const std::string& bytes) {
    Descriptor descriptor = described(media_type, bytes);
    contents_[descriptor.digest] = bytes;
    return descriptor;
  }

  // An image's manifest on layers with these contents.
  Descriptor add_image(const std::vector<std::string>& layers, const std::string& architecture = "amd64") {
    image::ImageConfig config{.platform = {.os = "linux", .architecture = architecture}};
    image::Manifest manifest{.media_type = std::string(image::media_type::kOciManifest), .config = {}, .layers = {}};
    for (const std::string& layer : layers) {
      config.diff_ids.push_back(image::digest_of(layer).value());
      manifest.layers.push_back(add(image::media_type::kOciLayer, layer));
    }
    manifest.config = add(image::media_type::kOciConfig, image::write_image_config(config));
    Descriptor descriptor = add(image::media_type::kOciManifest, image::write_manifest(manifest));
    descriptor.platform = config.platform;
    top_ = {contents_[descriptor.digest], descriptor.media_type};
    return descriptor;
  }

  Descriptor add_index(const std::vector<Descriptor>& manifests) {
    const image::Index index{.media_type = std::string(image::media_type::kOciIndex), .manifests = manifests};
    const Descriptor descriptor = add(image::media_type::kOciIndex, image::write_index(index));
    top_ = {contents_[descriptor.digest], {}};
    return descriptor;
  }

  struct Asked {
    std::string digest;
    std::int64_t offset;
  };
  std::mutex mutex_;
  std::vector<Asked> asked_;
  std::map<std::string, std::string> contents_;
  Document top_;
  bool begins_anew_ = false;
  std::int64_t cut_at_ = INT64_MAX;  // -1: even where nothing is left
};

class TransportTest : public image::ImageStoreTest {
 protected:
  Result<Fetched> fetch(const std::vector<std::string>& names = {"localhost/it:1"}) {
    return fetch_image(store_, source_, {.fitting = kAmd64, .names = [&] { return names; }}, board_);
  }
  std::string error() {
    const Result<Fetched> fetched = fetch();
    return fetched ? "" : fetched.error().text();
  }
  std::string content(const Descriptor& blob) { return kernel::read_file(store_.blob_path(blob.digest)).value_or("-"); }

  FakeSource source_;
  Board board_{Board::Style::kQuiet};
};

TEST_F(TransportTest, AnImageComesWholeAndEachBlobOnce) {
  const Descriptor manifest = source_.add_image({"lower", "upper", "lower"});
  const Result<Fetched> fetched = fetch();
  ASSERT_TRUE(fetched) << fetched.error().text();
  EXPECT_EQ(fetched->manifest.digest, manifest.digest);
  EXPECT_EQ(source_.asked_.size(), 3U);
  EXPECT_EQ(content(described("", "upper")), "upper");
  const auto found = image::find_image(store_, "localhost/it:1", kAmd64).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id(), fetched->image_id);
  EXPECT_THAT(files("partial"), IsEmpty());
  EXPECT_THAT(files("lock"), IsEmpty());

  ASSERT_TRUE(fetch({"localhost/again:1"}));
  EXPECT_EQ(source_.asked_.size(), 3U);
  EXPECT_THAT(names(), UnorderedElementsAre("localhost/it:1", "localhost/again:1"));
}

TEST_F(TransportTest, WithoutANameItIsKeptUnnamed) {
  source_.add_image({"layer"});
  ASSERT_TRUE(fetch({}));
  EXPECT_THAT(names(), ElementsAre(""));
}

TEST_F(TransportTest, OfAnIndexTheManifestThatFitsIsNamed) {
  const Descriptor arm = source_.add_image({"for arm"}, "arm64");
  const Descriptor amd = source_.add_image({"for amd"});
  const Descriptor index = source_.add_index({arm, amd});
  const Result<Fetched> fetched = fetch();
  ASSERT_TRUE(fetched) << fetched.error().text();
  EXPECT_EQ(fetched->manifest.digest, amd.digest);
  EXPECT_EQ(content(index), "-");
  EXPECT_EQ(content(described("", "for arm")), "-");
  EXPECT_EQ(look_up_manifest(source_, kAmd64)->digest, amd.digest);
}

TEST_F(TransportTest, ByTheDigestOfAnIndexTheIndexIsNamed) {
  const Descriptor amd = source_.add_image({"for amd"});
  const Descriptor index = source_.add_index({amd});
  const std::string name = "localhost/it@" + index.digest;
  const Result<Fetched> fetched = fetch({name, "localhost/it:1"});
  ASSERT_TRUE(fetched) << fetched.error().text();
  EXPECT_EQ(image::find_image(store_, name, kAmd64).value()->target.digest, index.digest);
  EXPECT_EQ(image::find_image(store_, "localhost/it:1", kAmd64).value()->target.digest, amd.digest);
  EXPECT_EQ(fetched->manifest.digest, amd.digest);
  EXPECT_TRUE(image::find_image(store_, name, kAmd64).value());
}

TEST_F(TransportTest, WhoeverHasTheLastWordIsAskedBeforeABlobComes) {
  const Descriptor amd = source_.add_image({"for amd"});
  const Descriptor index = source_.add_index({amd});
  std::vector<std::string> asked;
  const auto fetched = fetch_image(store_, source_,
                                   {.fitting = kAmd64,
                                    .accept = [&](const std::vector<FoundDocument>& way) -> Result<> {
                                      for (const FoundDocument& each : way) asked.push_back(each.descriptor.digest);
                                      return fail(complaint("no"));
                                    }},
                                   board_);
  EXPECT_EQ(fetched.error().text(), "fake: no");
  EXPECT_THAT(asked, ElementsAre(index.digest, amd.digest));
  EXPECT_THAT(source_.asked_, IsEmpty());
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(TransportTest, AnArtifactIsFetchedWithoutALookAtIt) {
  image::Manifest manifest{.media_type = std::string(image::media_type::kOciManifest),
                           .config = source_.add(image::media_type::kOciConfig, "{}"),
                           .layers = {source_.add("application/vnd.some", "thing")}};
  const Descriptor descriptor = source_.add(image::media_type::kOciManifest, image::write_manifest(manifest));
  source_.top_ = {source_.contents_[descriptor.digest], {}};
  EXPECT_THAT(error(), HasSubstr("application/vnd.some"));
  const auto fetched = fetch_image(store_, source_, {.fitting = kAmd64, .is_artifact = true}, board_);
  ASSERT_TRUE(fetched) << fetched.error().text();
  EXPECT_EQ(content(manifest.layers[0]), "thing");
}

TEST_F(TransportTest, AManifestThatIsNotWhatTheIndexSaysIsRefused) {
  Descriptor amd = source_.add_image({"layer"});
  amd.size += 1;
  source_.add_index({amd});
  EXPECT_THAT(error(), HasSubstr(amd.digest + ": it has "));
  amd.size -= 1;
  source_.contents_[amd.digest].back() = ' ';
  source_.add_index({amd});
  EXPECT_THAT(error(), testing::StartsWith("fake: "));
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(TransportTest, AnotherPlatformIsAnErrorOrAWarning) {
  source_.add_image({"layer"}, "arm64");
  EXPECT_EQ(error(), "fake: the image is for linux/arm64, not for linux/amd64");
  const Result<Fetched> fetched = fetch_image(store_, source_, {.fitting = kAmd64, .other_platforms = true}, board_);
  ASSERT_TRUE(fetched);
  EXPECT_THAT(fetched->warnings, ElementsAre("the image is for linux/arm64, not for linux/amd64"));
}

TEST_F(TransportTest, AWrongByteAnywhereIsNamedAndLeavesNothing) {
  source_.add_image({"layer one", "layer two"});
  for (const auto& [digest, right] : std::map(source_.contents_)) {
    if (right == source_.top_.bytes) continue;
    std::string wrong = right;
    wrong[wrong.size() / 2] ^= 1;
    source_.contents_[digest] = wrong;
    ::unlink(store_.blob_path(digest).c_str());  // the others may have come the time before
    EXPECT_THAT(error(), HasSubstr(digest + ": the content has another digest"));
    source_.contents_[digest] = right;
    EXPECT_THAT(files("partial"), testing::Not(Contains(image::hex_of(digest))));
    EXPECT_THAT(names(), IsEmpty());
  }
  EXPECT_TRUE(fetch());
}

TEST_F(TransportTest, TooMuchOrTooLittleIsRefused) {
  const std::string layer = "a layer";
  const std::string digest = described("", layer).digest;
  source_.add_image({layer});
  source_.contents_[digest] = layer + "!";
  EXPECT_THAT(error(), HasSubstr(digest + ": there is more of it than 7 bytes"));
  EXPECT_THAT(files("partial"), IsEmpty());
  source_.contents_[digest] = "a";
  EXPECT_THAT(error(), HasSubstr(digest + ": it ended after 1 of 7 bytes"));
  source_.contents_[digest] = layer;
  EXPECT_TRUE(fetch());
}

TEST_F(TransportTest, WhatIsWholeBeforeItIsAsLongAsTheManifestSaysIsNotKept) {
  const std::string layer = "a layer";
  Descriptor blob = source_.add(image::media_type::kOciLayer, layer);
  blob.size += 3;
  const image::ImageConfig config{.platform = {.os = "linux", .architecture = "amd64"}, .diff_ids = {blob.digest}};
  const image::Manifest manifest{
      .media_type = std::string(image::media_type::kOciManifest),
      .config = source_.add(image::media_type::kOciConfig, image::write_image_config(config)),
      .layers = {blob}};
  source_.top_ = {image::write_manifest(manifest), manifest.media_type};
  const std::string words = blob.digest + ": it has 7 bytes, not 10 as the manifest says";
  EXPECT_THAT(error(), HasSubstr(words));
  EXPECT_THAT(files("partial"), IsEmpty());
  // An earlier process was cut off where the blob ends.
  std::ofstream(store_.partial_path(image::hex_of(blob.digest))) << layer;
  source_.cut_at_ = -1;
  EXPECT_THAT(error(), HasSubstr(words));
  EXPECT_THAT(files("partial"), IsEmpty());
}

TEST_F(TransportTest, WhatWasCutOffIsGoneOnWith) {
  const std::string layer = "0123456789";
  source_.add_image({layer});
  const std::string digest = described("", layer).digest;
  ASSERT_TRUE(fetch({"localhost/config-is-here:1"}));
  for (std::int64_t cut = 1; cut < 10; ++cut) {
    ASSERT_TRUE(image::remove_name(store_, "localhost/it:1"));
    ASSERT_EQ(::unlink(store_.blob_path(digest).c_str()), 0);
    source_.asked_.clear();
    source_.cut_at_ = cut;
    EXPECT_THAT(error(), HasSubstr("cut off"));
    source_.cut_at_ = INT64_MAX;
    ASSERT_TRUE(fetch());
    ASSERT_EQ(source_.asked_.size(), 2U);
    EXPECT_EQ(source_.asked_[1].offset, cut);
    EXPECT_EQ(content(described("", layer)), layer);
  }
}

TEST_F(TransportTest, ASourceMayBeginAnew) {
  const std::string layer = "0123456789";
  source_.add_image({layer});
  source_.cut_at_ = 4;
  EXPECT_THAT(error(), HasSubstr("cut off"));
  source_.cut_at_ = INT64_MAX;
  source_.begins_anew_ = true;
  ASSERT_TRUE(fetch());
  EXPECT_EQ(content(described("", layer)), layer);
}

TEST_F(TransportTest, WhatIsWrongWithAnEarlierPartIsMendedOnce) {
  const std::string layer = "0123456789";
  source_.add_image({layer});
  const Descriptor blob = described("", layer);
  const std::string partial = store_.partial_path(image::hex_of(blob.digest));
  for (const std::string& earlier : {std::string("01X"), std::string("0123X56789")}) {
    std::ofstream(partial) << earlier;
    ASSERT_TRUE(fetch());
    EXPECT_EQ(content(blob), layer);
    ASSERT_EQ(::unlink(store_.blob_path(blob.digest).c_str()), 0);
  }
}

// What comes, in which order.
class FakeDestination : public Destination {
 public:
  std::string text() const override { return "there"; }
  Result<bool> has(const Descriptor& blob) override { return blob.digest == has_; }
  Result<> put_blob(const Descriptor& blob, int file) override {
    std::string bytes(static_cast<std::size_t>(blob.size), '-');
    EXPECT_EQ(::pread(file, bytes.data(), bytes.size(), 0), blob.size);
    const std::lock_guard lock(mutex_);
    came_.push_back(bytes);
    if (bytes == refused_) return fail(complaint("refused"));
    return {};
  }
  Result<> put_document(const Descriptor&, std::string_view bytes, const std::vector<std::string>& names) override {
    came_.push_back(std::string(bytes));
    names_ = names;
    return {};
  }
  Result<> finish() override { return {}; }
  bool wants_compressed_layers() const override { return wants_compressed_; }

  std::mutex mutex_;
  bool wants_compressed_ = false;
  std::string has_;
  std::string refused_;
  std::vector<std::string> came_;
  std::vector<std::string> names_;
};

TEST_F(TransportTest, AnImageIsDelivered) {
  source_.add_image({"lower", "upper", "lower"});
  ASSERT_TRUE(fetch());
  const image::StoredImage image = *image::find_image(store_, "localhost/it:1", kAmd64).value();
  FakeDestination destination;
  destination.has_ = described("", "lower").digest;
  ASSERT_TRUE(deliver_image(store_, image, destination, {.names = {"a:1"}}, board_));
  EXPECT_THAT(destination.came_, UnorderedElementsAre("upper", source_.contents_[image.id()], source_.top_.bytes));
  EXPECT_EQ(destination.came_.back(), source_.top_.bytes);
  EXPECT_THAT(destination.names_, ElementsAre("a:1"));
  EXPECT_THAT(files("lock"), IsEmpty());
}

TEST_F(TransportTest, WhatCannotBeDeliveredIsNamed) {
  source_.add_image({"lower", "upper"});
  ASSERT_TRUE(fetch());
  const image::StoredImage image = *image::find_image(store_, "localhost/it:1", kAmd64).value();
  FakeDestination destination;
  destination.refused_ = "upper";
  const std::string digest = described("", "upper").digest;
  EXPECT_EQ(deliver_image(store_, image, destination, {}, board_).error().text(), "there: " + digest + ": refused");
  EXPECT_THAT(destination.came_, testing::Not(Contains(source_.top_.bytes)));
  ASSERT_EQ(::unlink(store_.blob_path(digest).c_str()), 0);
  EXPECT_THAT(deliver_image(store_, image, destination, {}, board_).error().text(),
              HasSubstr(digest + ": it is not in the store"));
}

TEST_F(TransportTest, PlainLayersAreCompressedForWhoWantsThat) {
  const std::string lower(100000, 'l');
  source_.add_image({lower, "upper", lower});
  ASSERT_TRUE(fetch());
  const image::StoredImage image = *image::find_image(store_, "localhost/it:1", kAmd64).value();
  FakeDestination destination;
  destination.wants_compressed_ = true;
  const auto sent = deliver_image(store_, image, destination, {.names = {"a:1"}}, board_);
  ASSERT_TRUE(sent) << sent.error().text();
  ASSERT_EQ(destination.came_.size(), 4U) << "two layers, one of them twice, the config, the manifest";
  const std::string& bytes = destination.came_.back();
  EXPECT_EQ(sent->digest, described("", bytes).digest);
  const image::Manifest manifest = image::read_manifest(bytes).value();
  EXPECT_EQ(manifest.config, image.manifest.config);
  ASSERT_EQ(manifest.layers.size(), 3U);
  EXPECT_EQ(manifest.layers[0], manifest.layers[2]);
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_EQ(manifest.layers[i].media_type, image::media_type::kOciLayerGzip);
    const auto came = std::ranges::find_if(destination.came_, [&](const std::string& one) {
      return described("", one).digest == manifest.layers[i].digest;
    });
    ASSERT_NE(came, destination.came_.end());
    EXPECT_EQ(static_cast<std::int64_t>(came->size()), manifest.layers[i].size);
    EXPECT_TRUE(came->starts_with("\x1f\x8b"));
  }
  FakeDestination again;
  again.wants_compressed_ = true;
  EXPECT_EQ(deliver_image(store_, image, again, {}, board_)->digest, sent->digest) << "the same each time";

  // What a disk has damaged does not get a digest that says that it is right.
  ASSERT_TRUE(kernel::replace_file(store_.blob_path(described("", "upper").digest), "uqper"));
  EXPECT_THAT(deliver_image(store_, image, again, {}, board_).error().text(), HasSubstr("it is damaged in the store"));
  EXPECT_THAT(files("partial"), IsEmpty());
}

TEST(BoardTest, AtTheEndTheRateIsOfWhatCame) {
  EXPECT_EQ(words_at_end(30U << 20, 0, 2.0), "30 MiB in 2.0 s, 15 MiB/s");
  EXPECT_EQ(words_at_end(30U << 20, 10U << 20, 2.0), "20 MiB in 2.0 s, 10 MiB/s; the first 10 MiB were there already");
}

}  // namespace
}  // namespace caisson::transport
