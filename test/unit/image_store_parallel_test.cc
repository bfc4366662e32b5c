// Blobs on their way into the store, and who does what at the same time.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "image/store_prune.h"
#include "image_store_fixture.h"

namespace caisson::image {
namespace {

using kernel::Lock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class BlobTest : public ImageStoreTest {
 protected:
  // The blob "content", with what is there of it.
  PartialBlob partial() {
    Result<std::optional<Obtained>> obtained = obtain_blob(store_, kBlob, Lock::kTry);
    return std::get<PartialBlob>(**std::move(obtained));
  }
  std::string hex() const { return kBlob.digest.substr(7); }

  const Descriptor kBlob = {.media_type = "a/b", .digest = digest("b"), .size = 7};
};

TEST_F(BlobTest, AppearsWhenItIsWhole) {
  {
    PartialBlob blob = partial();
    EXPECT_EQ(blob.length(), 0);
    ASSERT_TRUE(blob.append("con"));
    ASSERT_TRUE(blob.append("tent"));
    EXPECT_FALSE(store_.has(kBlob));
    const Result<BlobHold> held = std::move(blob).commit(kBlob.digest);
    ASSERT_TRUE(held) << held.error().text();
    EXPECT_EQ(store_.read_blob(kBlob, 100), "content");
    EXPECT_THAT(files("lock"), ElementsAre(hex())) << "held until it is named";
  }
  EXPECT_THAT(files("partial"), IsEmpty());
  EXPECT_THAT(files("lock"), IsEmpty());
  const auto again = obtain_blob(store_, kBlob, Lock::kWait);
  EXPECT_TRUE(std::holds_alternative<BlobHold>(**again));
}

TEST_F(BlobTest, IsGoneOnWithAfterAnEarlyEnd) {
  ASSERT_TRUE(partial().append("cont"));
  EXPECT_THAT(files("partial"), ElementsAre(hex()));
  PartialBlob blob = partial();
  ASSERT_EQ(blob.length(), 4);
  std::string there(4, '\0');
  ASSERT_EQ(::pread(blob.file(), there.data(), 4, 0), 4);
  EXPECT_EQ(there, "cont");
  ASSERT_TRUE(blob.append("ent"));
  ASSERT_TRUE(std::move(blob).commit(kBlob.digest));
  EXPECT_EQ(store_.read_blob(kBlob, 100), "content");
}

TEST_F(BlobTest, OfWhichNothingCameLeavesNothing) {
  (void)partial();
  EXPECT_THAT(files("partial"), IsEmpty());
  EXPECT_THAT(files("lock"), IsEmpty());
}

TEST_F(BlobTest, ThatIsTooShortIsKept) {
  {
    PartialBlob blob = partial();
    ASSERT_TRUE(blob.append("cont"));
    EXPECT_EQ(std::move(blob).commit(kBlob.digest).error().text(), kBlob.digest + ": it ended after 4 of 7 bytes");
  }
  EXPECT_EQ(partial().length(), 4);
}

TEST_F(BlobTest, ThatIsTooLongIsNot) {
  {
    PartialBlob blob = partial();
    ASSERT_TRUE(blob.append("cont"));
    EXPECT_EQ(blob.append("ents").error().text(), kBlob.digest + ": there is more of it than 7 bytes");
    EXPECT_FALSE(blob.append("ent"));
  }
  EXPECT_THAT(files("partial"), IsEmpty());
  ASSERT_TRUE(kernel::write_new_file(store_.partial_path(hex()), "what another wrote")) << "longer than it may be";
  EXPECT_EQ(partial().length(), 0);
}

TEST_F(BlobTest, WithAWrongByteIsNot) {
  {
    PartialBlob blob = partial();
    ASSERT_TRUE(blob.append("konTent"));
    EXPECT_EQ(std::move(blob).commit(digest("d")).error().text(),
              kBlob.digest + ": the content has another digest, " + digest("d"));
  }
  EXPECT_THAT(files("partial"), IsEmpty());
  EXPECT_THAT(files("blobs/sha256"), IsEmpty());
}

TEST_F(BlobTest, ThatIsAbandonedIsGone) {
  PartialBlob blob = partial();
  ASSERT_TRUE(blob.append("cont"));
  blob.abandon();
  EXPECT_THAT(files("partial"), IsEmpty());
  EXPECT_EQ(partial().length(), 0) << "another may begin at once";
  EXPECT_FALSE(blob.append("ent"));
}

TEST_F(BlobTest, IsStartedAnewIfThatIsBetter) {
  PartialBlob blob = partial();
  ASSERT_TRUE(blob.append("cont"));
  ASSERT_TRUE(blob.restart());
  ASSERT_TRUE(blob.append("content"));
  ASSERT_TRUE(std::move(blob).commit(kBlob.digest));
  EXPECT_EQ(store_.read_blob(kBlob, 100), "content");
}

TEST_F(BlobTest, WhoseDigestItsEndTells) {
  {
    const Result<PartialBlob> dropped = begin_blob(store_);
    EXPECT_THAT(files("partial"), ElementsAre(HasSubstr("new.")));
    EXPECT_EQ(prune_blobs(store_)->partials, 0U) << "somebody makes it";
  }
  EXPECT_THAT(files("partial"), IsEmpty());
  for (int twice = 0; twice < 2; ++twice) {
    ASSERT_TRUE(add_blob(store_, "content", kBlob.digest));
    EXPECT_EQ(store_.read_blob(kBlob, 100), "content");
    EXPECT_THAT(files("partial"), IsEmpty());
  }
  EXPECT_FALSE(add_blob(store_, "content", "sha256:../../x"));
  EXPECT_THAT(files("partial"), IsEmpty());
}

TEST_F(BlobTest, ThatIsBrokenInTheStoreIsReplaced) {
  ASSERT_TRUE(kernel::write_new_file(store_.blob_path(kBlob.digest), "cont"));
  PartialBlob blob = partial();
  ASSERT_TRUE(blob.append("content"));
  ASSERT_TRUE(std::move(blob).commit(kBlob.digest));
  EXPECT_EQ(store_.read_blob(kBlob, 100), "content");
}

TEST_F(BlobTest, IsFetchedByOne) {
  std::optional<PartialBlob> first(partial());
  EXPECT_EQ(obtain_blob(store_, kBlob, Lock::kTry)->has_value(), false);
  std::atomic<bool> has_come = false;
  std::thread second([&] {
    const auto obtained = obtain_blob(store_, kBlob, Lock::kWait);
    EXPECT_TRUE(std::holds_alternative<BlobHold>(**obtained));
    EXPECT_TRUE(has_come) << "before it was there";
  });
  ASSERT_TRUE(first->append("content"));
  has_come = true;
  const Result<BlobHold> held = std::move(*first).commit(kBlob.digest);
  second.join();  // although the first still holds it
  EXPECT_TRUE(held);
}

TEST_F(BlobTest, IsTakenOverFromOneThatWasKilled) {
  const pid_t child = ::fork();
  if (child == 0) {
    PartialBlob blob = partial();
    if (!blob.append("cont")) ::_exit(1);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_THAT(files("lock"), ElementsAre(hex())) << "it could not clean up";
  PartialBlob blob = partial();
  EXPECT_EQ(blob.length(), 4);
  EXPECT_EQ(prune_blobs(store_)->partials, 0U) << "it is fetched again";
}

TEST_F(BlobTest, ThatNobodyFetchesIsPruned) {
  ASSERT_TRUE(partial().append("cont"));
  ASSERT_TRUE(kernel::write_new_file(store_.partial_path("new.abcdef"), "12"));
  ASSERT_TRUE(kernel::write_new_file(store_.partial_path("index.json"), "{"));
  const Result<Pruned> pruned = prune_blobs(store_);
  ASSERT_TRUE(pruned) << pruned.error().text();
  EXPECT_EQ(pruned->partials, 2U);
  EXPECT_EQ(pruned->bytes, 6);
  EXPECT_THAT(files("partial"), ElementsAre("index.json")) << "the next change of the index writes over it";
  EXPECT_THAT(files("lock"), IsEmpty());
}

// Pulls images that share layers, as transfer would.
void pull(const ImageStore& store, int image) {
  const auto fetch = [&](const std::string& pattern, const std::string& content) {
    const Descriptor blob{.media_type = std::string(media_type::kOciLayer),
                          .digest = digest(pattern),
                          .size = static_cast<std::int64_t>(content.size())};
    Result<std::optional<Obtained>> obtained = obtain_blob(store, blob, Lock::kWait);
    EXPECT_TRUE(obtained && *obtained);
    if (std::holds_alternative<BlobHold>(**obtained)) return std::pair(blob, std::get<BlobHold>(**std::move(obtained)));
    PartialBlob partial = std::get<PartialBlob>(**std::move(obtained));
    EXPECT_TRUE(partial.append(std::string_view(content).substr(static_cast<std::size_t>(partial.length()))));
    return std::pair(blob, std::move(partial).commit(blob.digest).value());
  };
  std::vector<BlobHold> holds;
  Manifest manifest{.media_type = std::string(media_type::kOciManifest), .config = {}, .layers = {}};
  for (int layer = 0; layer < 3; ++layer) {
    auto [blob, hold] = fetch(fmt::format("1{}", (image + layer) % 4), "layer");
    manifest.layers.push_back(std::move(blob));
    holds.push_back(std::move(hold));
  }
  auto [config, config_hold] = fetch(fmt::format("2{}", image), "config");
  manifest.config = config;
  const std::string text = write_manifest(manifest);
  auto [target, target_hold] = fetch(fmt::format("3{}", image), text);
  target.media_type = media_type::kOciManifest;
  const Result<> named = set_name(store, fmt::format("localhost/image:{}", image), target);
  EXPECT_TRUE(named) << named.error().text();
}

TEST_F(ImageStoreTest, IsPulledIntoAndPrunedAtTheSameTime) {
  constexpr int kPullers = 4;
  constexpr int kPulls = 40;
  std::atomic<int> working = kPullers;
  std::vector<std::thread> threads;
  for (int puller = 0; puller < kPullers; ++puller) {
    threads.emplace_back([&, puller] {
      for (int i = 0; i < kPulls; ++i) {
        const int image = (puller + i) % 4;
        pull(store_, image);
        if (i % 3 == puller % 3) {
          EXPECT_TRUE(remove_entries(
              store_, [&](const StoreEntry& entry) { return entry.name == fmt::format("localhost/image:{}", image); }));
        }
      }
      --working;
    });
  }
  int rounds = 0;
  while (working > 0) {
    const Result<Pruned> pruned = prune_blobs(store_);
    EXPECT_TRUE(pruned) << pruned.error().text();
    const StoreIndex index = store_.index().value();
    for (const StoreEntry& entry : index.entries) {
      EXPECT_THAT(*missing_blobs(store_, entry.descriptor), IsEmpty()) << entry.name << " has a name, and is not whole";
    }
    ++rounds;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(rounds, 0);
  EXPECT_TRUE(remove_entries(store_, [](const StoreEntry&) { return true; }));
  EXPECT_TRUE(prune_blobs(store_));
  EXPECT_THAT(files("blobs/sha256"), IsEmpty());
  EXPECT_THAT(files("partial"), IsEmpty());
  EXPECT_THAT(files("lock"), IsEmpty());
}

}  // namespace
}  // namespace caisson::image
