#include <sys/stat.h>

#include <fstream>

#include "image/host_platform.h"
#include "image/reachable.h"
#include "image/store_index.h"
#include "image/store_prune.h"
#include "image/stored_image.h"
#include "image_store_fixture.h"

namespace caisson::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

const std::vector<Platform> kHere = fitting({.os = "linux", .architecture = "amd64"});
const std::string kBusybox = "docker.io/library/busybox:1.36";

TEST_F(ImageStoreTest, IsALayoutThatNobodyElseLooksInto) {
  EXPECT_EQ(kernel::read_file(store_.path() + "/oci-layout"), R"({"imageLayoutVersion":"1.0.0"})");
  EXPECT_EQ(kernel::read_file(store_.path() + "/index.json"),
            R"({"manifests":[],"mediaType":"application/vnd.oci.image.index.v1+json","schemaVersion":2})");
  EXPECT_EQ(kernel::status_of(store_.path())->st_mode & 0777U, 0700U);
  EXPECT_EQ(kernel::status_of(store_.path() + "/index.json")->st_mode & 0777U, 0600U);
  EXPECT_THAT(files("lock"), IsEmpty());
  EXPECT_THAT(files("partial"), IsEmpty());
  EXPECT_TRUE(ImageStore::create(store_.path()));
}

TEST_F(ImageStoreTest, ThatIsNotThereIsEmpty) {
  const ImageStore none = ImageStore::open(place_ / "none").value();
  EXPECT_THAT(none.index()->entries, IsEmpty());
  EXPECT_EQ(find_image(none, "busybox", kHere)->has_value(), false);
  EXPECT_FALSE(kernel::exists(place_ / "none"));
}

TEST_F(ImageStoreTest, OfALaterLayoutIsLeftAlone) {
  ASSERT_TRUE(kernel::write_new_file(store_.path() + "/oci-layout", R"({"imageLayoutVersion":"2.0.0"})"));
  EXPECT_THAT(ImageStore::open(store_.path()).error().text(),
              HasSubstr("oci-layout: it is of version '2.0.0', and 1.0.0 is known"));
  EXPECT_FALSE(ImageStore::create(store_.path()));
}

TEST_F(ImageStoreTest, GivesBlobsOfTheSizeThatIsSaid) {
  const Descriptor blob = put(media_type::kOciConfig, "c", "content");
  EXPECT_EQ(store_.read_blob(blob, 7), "content");
  EXPECT_EQ(store_.read_blob(blob, 6).error().text(), digest("c") + ": it has 7 bytes, and 6 are allowed");
  Descriptor longer = blob;
  longer.size = 8;
  EXPECT_FALSE(store_.has(longer));
  EXPECT_EQ(store_.read_blob(longer, 100).error().text(), digest("c") + ": it has 7 bytes in the store, not 8");
  longer.digest = digest("b");
  EXPECT_EQ(store_.read_blob(longer, 100).error().number, ENOENT);
  EXPECT_EQ(kernel::status_of(store_.blob_path(blob.digest))->st_mode & 0777U, 0600U);
  ASSERT_EQ(::symlink("/etc/passwd", store_.blob_path(digest("e")).c_str()), 0);
  EXPECT_EQ(store_.read_blob({.digest = digest("e"), .size = 10}, 100).error().number, ELOOP);
}

TEST_F(ImageStoreTest, NamesImagesThatAreWhole) {
  const Descriptor image = put_image("a", "c", {"1", "2"});
  ASSERT_TRUE(set_name(store_, kBusybox, image));
  EXPECT_THAT(names(), ElementsAre(kBusybox));
  ASSERT_EQ(::unlink(store_.blob_path(digest("2")).c_str()), 0);
  EXPECT_EQ(set_name(store_, "docker.io/library/other:1", image).error().text(),
            "'docker.io/library/other:1': the store lacks " + digest("2"));
  EXPECT_FALSE(keep_unnamed(store_, image));
  EXPECT_THAT(names(), ElementsAre(kBusybox));
  EXPECT_THAT(files("partial"), IsEmpty());
  EXPECT_THAT(files("lock"), IsEmpty());
}

TEST_F(ImageStoreTest, KeepsAnImageWhoseNameAnotherGets) {
  const Descriptor first = put_image("a", "c", {"1"});
  const Descriptor second = put_image("b", "d", {"1", "2"});
  ASSERT_TRUE(set_name(store_, kBusybox, first));
  ASSERT_TRUE(set_name(store_, kBusybox, second));
  EXPECT_THAT(names(), ElementsAre("", kBusybox));
  ASSERT_TRUE(set_name(store_, "localhost/old:1", first)) << "it is not unnamed any more";
  EXPECT_THAT(names(), ElementsAre(kBusybox, "localhost/old:1"));
  ASSERT_TRUE(set_name(store_, kBusybox, first)) << "one with two names loses none";
  EXPECT_THAT(names(), ElementsAre("localhost/old:1", "", kBusybox));
}

TEST_F(ImageStoreTest, IsNotWrittenForWhatItHasAlready) {
  const Descriptor image = put_image("a", "c", {"1"});
  ASSERT_TRUE(set_name(store_, kBusybox, image));
  const ino_t before = kernel::status_of(store_.path() + "/index.json")->st_ino;
  ASSERT_TRUE(set_name(store_, kBusybox, image));
  ASSERT_TRUE(keep_unnamed(store_, image));
  ASSERT_EQ(remove_name(store_, "none"), false);
  EXPECT_EQ(kernel::status_of(store_.path() + "/index.json")->st_ino, before);
}

TEST_F(ImageStoreTest, AnImageAndWhatStandsInForItAreOne) {
  const Descriptor image = put_image("a", "c", {"1"});
  const Descriptor stand_in = put(media_type::kOciManifest, "b", "{}");
  ASSERT_TRUE(keep_unnamed(store_, image));
  ASSERT_TRUE(set_name(store_, kBusybox, image, stand_in));
  ASSERT_TRUE(set_name(store_, "localhost/x:1", image));
  EXPECT_THAT(kernel::read_file(store_.path() + "/index.json").value(),
              HasSubstr("\"digest\":\"" + stand_in.digest + "\""));
  const StoreIndex index = store_.index_about(image.digest).value();
  ASSERT_EQ(index.entries.size(), 2U) << "the line without a name is gone";
  for (const StoreEntry& entry : index.entries) {
    EXPECT_EQ(entry.descriptor.digest, image.digest);
    EXPECT_EQ(entry.descriptor.media_type, image.media_type);
    EXPECT_EQ(entry.descriptor.size, image.size);
    EXPECT_EQ(entry.stand_in, stand_in);
  }
  EXPECT_TRUE(reachable_blobs(store_).value().contains(stand_in.digest));
  ASSERT_TRUE(remove_name(store_, kBusybox).value());
  EXPECT_THAT(names(), ElementsAre("localhost/x:1"));
  ASSERT_TRUE(remove_name(store_, "localhost/x:1").value());
  EXPECT_THAT(names(), ElementsAre("")) << "it stays, unnamed";
  ASSERT_TRUE(set_name(store_, kBusybox, image));
  EXPECT_EQ(store_.index().value().entries[0].stand_in, stand_in);
  EXPECT_FALSE(set_name(store_, kBusybox, image, Descriptor{.media_type = "a/b", .digest = digest("9"), .size = 1}))
      << "it is not in the store";
}

TEST_F(ImageStoreTest, AWrongOriginalIsNone) {
  const Descriptor image = put_image("a", "c", {"1"});
  const Descriptor stand_in = put(media_type::kOciManifest, "b", "{}");
  ASSERT_TRUE(set_name(store_, kBusybox, image, stand_in));
  const std::string path = store_.path() + "/index.json";
  const std::string text = kernel::read_file(path).value();
  const auto with = [&](const std::string& before, const std::string& after) {
    std::string other = text;
    other.replace(other.find(before), before.size(), after);
    std::ofstream(path) << other;
    return store_.index().value();
  };
  EXPECT_THAT(with("original.digest\":\"sha256:", "original.digest\":\"../../").unreadable, SizeIs(1));
  EXPECT_THAT(with("original.size\":\"", "original.size\":\"-").unreadable, SizeIs(1));
  EXPECT_THAT(with("original.mediaType\":\"", "original.mediaType\":\"  ").unreadable, SizeIs(1));
  // Another program has put its own image there.
  const StoreIndex index = with("original.of\":\"" + stand_in.digest, "original.of\":\"" + digest("e"));
  ASSERT_THAT(index.entries, SizeIs(1));
  EXPECT_EQ(index.entries[0].descriptor.digest, stand_in.digest);
  EXPECT_FALSE(index.entries[0].stand_in);
}

TEST_F(ImageStoreTest, TakesNamesAway) {
  const Descriptor image = put_image("a", "c", {"1"});
  ASSERT_TRUE(set_name(store_, kBusybox, image));
  ASSERT_TRUE(set_name(store_, "localhost/x:1", image));
  EXPECT_EQ(remove_name(store_, kBusybox), true);
  EXPECT_THAT(names(), ElementsAre("localhost/x:1"));
  EXPECT_EQ(remove_name(store_, "localhost/x:1"), true);
  EXPECT_THAT(names(), ElementsAre(""));
  EXPECT_EQ(remove_name(store_, ""), false) << "the unnamed have no name";
  const auto removed = remove_entries(store_, [](const StoreEntry& entry) { return entry.name.empty(); });
  ASSERT_EQ(removed->size(), 1U);
  EXPECT_EQ(removed->front().descriptor.digest, image.digest);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(ImageStoreTest, LeavesWhatOthersWroteAsItIs) {
  const std::string theirs =
      R"({"annotations":{"a":"b"},"manifests":[{"digest":"sha512:0","mediaType":"x/y","size":1,"their":[1,2.5]},7,)" +
      fmt::format(R"({{"annotations":{{"org.opencontainers.image.ref.name":"latest","z":"1"}},"digest":"{}",)",
                  digest("e")) +
      R"("mediaType":"application/vnd.oci.image.manifest.v1+json","size":3,"their":null}],"schemaVersion":2,"their":{}})";
  ASSERT_TRUE(kernel::replace_file(store_.path() + "/index.json", theirs));
  EXPECT_THAT(store_.index()->unreadable,
              ElementsAre(HasSubstr("/manifests/0/digest"), HasSubstr("/manifests/1: wrong type")));
  EXPECT_THAT(names(), ElementsAre("latest"));

  const Descriptor image = put_image("a", "c", {"1"});
  ASSERT_TRUE(set_name(store_, kBusybox, image));
  EXPECT_THAT(names(), ElementsAre("latest", kBusybox));
  ASSERT_TRUE(remove_entries(store_, [](const StoreEntry& entry) { return entry.name == kBusybox; }));
  EXPECT_EQ(kernel::read_file(store_.path() + "/index.json"), theirs);

  ASSERT_EQ(remove_name(store_, "latest"), true);
  EXPECT_THAT(*kernel::read_file(store_.path() + "/index.json"), HasSubstr(R"({"annotations":{"z":"1"},"digest")"));
}

// A name is looked for in the text of the index. Where that cannot tell, all is read.
TEST_F(ImageStoreTest, HasNamesThatAreWrittenOtherwise) {
  const Descriptor image = put_image("a", "c", {"1"});
  ASSERT_TRUE(set_name(store_, kBusybox, image));
  std::string text = kernel::read_file(store_.path() + "/index.json").value();
  text.replace(text.find("docker.io/library"), 17, "docker.io\\/library");
  ASSERT_TRUE(kernel::replace_file(store_.path() + "/index.json", text));
  EXPECT_EQ(store_.index_about(kBusybox)->entries.size(), 1U);
  const auto found = find_image(store_, "busybox:1.36", kHere);
  ASSERT_TRUE(found && *found);
  EXPECT_THAT((*found)->names, ElementsAre(kBusybox));

  ASSERT_TRUE(kernel::replace_file(store_.path() + "/index.json", R"({"manifests":[{"x":"busybox",}]})"));
  EXPECT_THAT(find_image(store_, "busybox", kHere).error().text(),
              HasSubstr("index.json: not JSON: line 1, column 30"));
}

TEST_F(ImageStoreTest, ThatCannotBeReadIsNotWritten) {
  for (const char* broken : {"", "[]", R"({"manifests":{}})", R"({"manifests":[)"}) {
    ASSERT_TRUE(kernel::replace_file(store_.path() + "/index.json", broken));
    EXPECT_THAT(store_.index().error().text(), HasSubstr("index.json: ")) << broken;
    EXPECT_FALSE(set_name(store_, kBusybox, put_image("a", "c", {"1"})));
    EXPECT_FALSE(prune_blobs(store_));
    EXPECT_EQ(kernel::read_file(store_.path() + "/index.json"), broken);
  }
}

// --- found ---------------------------------------------------------------------------------------------------------

class FoundTest : public ImageStoreTest {
 protected:
  FoundTest() {
    EXPECT_TRUE(set_name(store_, kBusybox, put_image("a1", "c1", {"1"})));
    EXPECT_TRUE(set_name(store_, "docker.io/library/busybox:latest", put_image("a2", "c2", {"1", "2"})));
    EXPECT_TRUE(set_name(store_, "localhost/tool:latest", put_image("a3", "ef", {"3"})));
    EXPECT_TRUE(set_name(store_, "latest", put_image("b4", "e0", {"3"})));
    EXPECT_TRUE(set_name(store_, "quay.io/me/tool@" + digest("99"), put_image("a3", "ef", {"3"})));
  }

  // The digits that the manifest's digest is made of.
  std::string found(std::string_view text) {
    const Result<std::optional<StoredImage>> image = find_image(store_, text, kHere);
    if (!image) return image.error().text();
    return *image ? (*image)->manifest_descriptor.digest.substr(7, 2) : "none";
  }
};

TEST_F(FoundTest, ByWhatPeopleCallIt) {
  EXPECT_EQ(found("busybox"), "a2");
  EXPECT_EQ(found("busybox:1.36"), "a1");
  EXPECT_EQ(found("docker.io/busybox:1.36"), "a1");
  EXPECT_EQ(found("tool"), "a3") << "below localhost";
  EXPECT_EQ(found("docker.io/library/tool"), "none");
  EXPECT_EQ(found("quay.io/busybox"), "none");
  EXPECT_EQ(found("latest"), "b4") << "a name that is no reference, as other tools write it";
  EXPECT_EQ(found("busybox@" + digest("a1")), "a1");
  EXPECT_EQ(found("busybox:ignored@" + digest("a2")), "a2");
  EXPECT_EQ(found("other@" + digest("a1")), "none") << "that repository may have another";
  EXPECT_EQ(found("quay.io/me/tool@" + digest("99")), "a3") << "an index's digest that it was pulled by";
  EXPECT_EQ(found("Busybox"), "none");
  EXPECT_EQ(found(""), "none");
}

// Who knows registries.conf is asked where the store alone does not tell.
TEST_F(FoundTest, ByAShortName) {
  std::vector<std::string> asked;
  std::vector<std::string> answer;
  const auto meant = [&](std::string_view text) -> std::string {
    asked.clear();
    const auto image = find_image(store_, text, kHere, [&](const std::string& name) -> Result<std::vector<Reference>> {
      asked.push_back(name);
      std::vector<Reference> references;
      for (const std::string& each : answer) references.push_back(parse_reference(each).value());
      return references;
    });
    if (!image) return image.error().text();
    return *image ? (*image)->meant : "none";
  };
  EXPECT_EQ(meant("busybox"), "docker.io/library/busybox:latest");
  EXPECT_EQ(meant("tool"), "localhost/tool:latest");
  EXPECT_EQ(meant("latest"), "latest");
  EXPECT_EQ(meant("c1c"), "") << "an id is no name";
  EXPECT_EQ(meant("docker.io/library/none"), "none");
  EXPECT_THAT(asked, IsEmpty());
  EXPECT_EQ(meant("none"), "none");
  EXPECT_THAT(asked, ElementsAre("none"));

  ASSERT_TRUE(set_name(store_, "quay.io/me/other:1", put_image("a5", "c5", {"1"})));
  answer = {"quay.io/me/none:1", "quay.io/me/other:1"};
  EXPECT_EQ(meant("alias:1"), "quay.io/me/other:1") << "its name is another";
  answer = {"docker.io/library/other:1"};
  EXPECT_EQ(meant("other:1"), "none") << "another repository's is not meant";
  ASSERT_TRUE(set_name(store_, "quay.io/busybox:latest", put_image("a5", "c5", {"1"})));
  answer = {"quay.io/busybox:latest", "docker.io/library/busybox:latest"};
  EXPECT_EQ(meant("busybox"), "quay.io/busybox:latest");
  EXPECT_THAT(asked, ElementsAre("busybox"));
  EXPECT_EQ(meant("busybox:1.36"), kBusybox);
  EXPECT_THAT(asked, IsEmpty());
  answer = {"quay.io/busybox@" + digest("a5")};
  EXPECT_EQ(meant("busybox@" + digest("a5")), "") << "by its digest, and not by a name";
  EXPECT_EQ(found("busybox@" + digest("a5")), "none") << "docker.io's";
}

TEST_F(FoundTest, ById) {
  EXPECT_EQ(found(digest("c1")), "a1") << "the id";
  EXPECT_EQ(found(digest("a2")), "a2") << "the manifest";
  EXPECT_EQ(found(digest("c1").substr(7)), "a1");
  EXPECT_EQ(found("c1c"), "a1");
  EXPECT_EQ(found("sha256:ef"), "a3");
  EXPECT_EQ(found("e"), "'e' is the beginning of several ids: " + digest("e0") + ", " + digest("ef"));
  EXPECT_EQ(found("123"), "none");
}

TEST_F(FoundTest, AndListed) {
  ImageList list = list_images(store_, kHere).value();
  ASSERT_EQ(list.images.size(), 4U);
  EXPECT_THAT(list.images[2].names, ElementsAre("localhost/tool:latest", "quay.io/me/tool@" + digest("99")));
  EXPECT_THAT(list.problems, IsEmpty());
  EXPECT_EQ(list.images[1].id(), digest("c2"));
  EXPECT_EQ(read_stored_config(store_, list.images[1])->diff_ids.size(), 2U);

  ASSERT_TRUE(kernel::write_new_file(store_.blob_path(digest("a1")), "{"));
  ASSERT_EQ(::unlink(store_.blob_path(digest("b4")).c_str()), 0);
  list = list_images(store_, kHere).value();
  EXPECT_EQ(list.images.size(), 2U);
  EXPECT_THAT(list.problems, ElementsAre(HasSubstr("'" + kBusybox + "': " + digest("a1") + ": it has 1 bytes"),
                                         "'latest': no image for linux/amd64 is in the store"));
  EXPECT_THAT(found("busybox:1.36"), HasSubstr("it has 1 bytes in the store"));
  EXPECT_EQ(found("latest"), "none") << "what is missing is a missing image";
}

TEST_F(FoundTest, ForAPlatform) {
  Index index{.media_type = std::string(media_type::kOciIndex), .manifests = {}};
  index.manifests = {put_image("51", "61", {"1"}, "arm64"), put_image("52", "62", {"1"})};
  index.manifests[0].platform = Platform{.os = "linux", .architecture = "arm64"};
  index.manifests[1].platform = Platform{.os = "linux", .architecture = "amd64"};
  const Descriptor inner = put(media_type::kOciIndex, "55", write_index(index));
  const Descriptor outer = put(media_type::kOciIndex, "56",
                               write_index({.media_type = std::string(media_type::kOciIndex), .manifests = {inner}}));
  ASSERT_TRUE(set_name(store_, "localhost/many:latest", outer));
  EXPECT_EQ(found("many"), "52");
  const auto arm = find_image(store_, "many", fitting({.os = "linux", .architecture = "arm64"}));
  ASSERT_TRUE(arm && *arm);
  EXPECT_EQ((*arm)->id(), digest("61"));
  EXPECT_EQ((*arm)->target.digest, digest("56"));
  EXPECT_EQ(found("61"), "none") << "of another platform";
  EXPECT_EQ(find_image(store_, "many", fitting({.os = "linux", .architecture = "s390x"}))->has_value(), false);
}

TEST_F(FoundTest, IndexesInOneAnotherHaveAnEnd) {
  Descriptor at = put_image("51", "61", {"1"});
  for (const char* pattern : {"71", "72", "73", "74", "75"}) {
    at = put(media_type::kOciIndex, pattern,
             write_index({.media_type = std::string(media_type::kOciIndex), .manifests = {at}}));
    ASSERT_TRUE(set_name(store_, "localhost/x" + std::string(pattern) + ":latest", at));
  }
  EXPECT_EQ(found("x74"), "51");
  EXPECT_THAT(found("x75"), HasSubstr("more than 4 indexes in one another"));
}

// --- pruned --------------------------------------------------------------------------------------------------------

TEST_F(ImageStoreTest, PrunesWhatNoNameLeadsTo) {
  ASSERT_TRUE(set_name(store_, kBusybox, put_image("a", "c", {"1", "2"})));
  put_image("b", "d", {"2", "3"});
  ASSERT_TRUE(kernel::write_new_file(store_.path() + "/blobs/sha256/notes", "mine"));
  const Result<Pruned> pruned = prune_blobs(store_);
  ASSERT_TRUE(pruned) << pruned.error().text();
  EXPECT_EQ(pruned->blobs, 3U);
  EXPECT_GT(pruned->bytes, 300);
  EXPECT_THAT(files("blobs/sha256"), UnorderedElementsAre("notes", digest("a").substr(7), digest("c").substr(7),
                                                          digest("1").substr(7), digest("2").substr(7)));
  EXPECT_THAT(*missing_blobs(store_, find_image(store_, "busybox:1.36", kHere).value()->target), IsEmpty());
  EXPECT_EQ(prune_blobs(store_)->blobs, 0U);
  EXPECT_THAT(files("lock"), IsEmpty());
}

TEST_F(ImageStoreTest, PrunesNothingThatSomebodyIsAboutToName) {
  const Descriptor image = put_image("a", "c", {"1"});
  {
    const auto layer = hold_blob(store_, {.digest = digest("1"), .size = 7});
    ASSERT_TRUE(layer && *layer);
    EXPECT_EQ(prune_blobs(store_)->blobs, 2U);
    EXPECT_TRUE(kernel::exists(store_.blob_path(digest("1"))));
  }
  EXPECT_EQ(prune_blobs(store_)->blobs, 1U);
  EXPECT_EQ(hold_blob(store_, image)->has_value(), false);
  EXPECT_THAT(files("lock"), IsEmpty());
}

TEST_F(ImageStoreTest, PrunesTooLittleRatherThanTooMuch) {
  put(media_type::kOciLayer, "1", "one");
  put(media_type::kOciLayer, "2", "two");
  put(media_type::kOciLayer, "3", "three");
  put(media_type::kOciLayer, "4", "four");
  put(media_type::kOciLayer, "5", "five");
  // A broken manifest, a document of a kind that is not known, a line of the index that cannot be read.
  const Descriptor broken = put(media_type::kOciManifest, "a", R"({"layers":[")" + digest("1") + "\"");
  const Descriptor other = put("application/vnd.example+json", "b", R"({"blobs":[{"digest":")" + digest("2") + "\"}]}");
  Json tree = read_index_tree(store_).value();
  for (const Descriptor& blob : {broken, other}) {
    tree["manifests"].push_back({{"mediaType", blob.media_type}, {"digest", blob.digest}, {"size", blob.size}});
  }
  tree["manifests"].push_back({{"digest", digest("3")}, {"of", {digest("4"), "sha256:" + std::string(63, '5')}}});
  ASSERT_TRUE(write_index_tree(store_, tree));
  EXPECT_EQ(*reachable_blobs(store_),
            (std::set{digest("a"), digest("b"), digest("1"), digest("2"), digest("3"), digest("4")}));
  EXPECT_EQ(prune_blobs(store_)->blobs, 1U);
  EXPECT_FALSE(kernel::exists(store_.blob_path(digest("5"))));
}

TEST_F(ImageStoreTest, NeedsWhatASignatureIsAbout) {
  const Descriptor image = put_image("a", "c", {"1"});
  Manifest signature{
      .media_type = std::string(media_type::kOciManifest), .config = put("a/b", "e", "{}"), .layers = {}};
  signature.subject = image;
  ASSERT_TRUE(set_name(store_, "localhost/signature:1", put(media_type::kOciManifest, "f", write_manifest(signature))));
  EXPECT_EQ(prune_blobs(store_)->blobs, 0U);
}

TEST(HostPlatform, IsOfLinux) {
  EXPECT_EQ(host_platform().os, "linux");
  EXPECT_FALSE(host_platform().architecture.empty());
}

}  // namespace
}  // namespace caisson::image
