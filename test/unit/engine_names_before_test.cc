// What a wrong image has taken the names of gets them back.
#include "engine/names_before.h"

#include <cerrno>

#include "image_store_fixture.h"

namespace caisson::engine {
namespace {

using image::digest;
using image::set_name;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr const char* kName = "docker.io/library/it:1";

class NamesBeforeTest : public image::ImageStoreTest {
 protected:
  NamesBeforeTest() { places_.root = place_.path(); }

  NamesBefore before() { return NamesBefore::read(places_).value(); }
  std::string owner_of(std::string_view name) {
    const image::StoreIndex index = store_.index().value();
    for (const image::StoreEntry& entry : index.entries) {
      if (entry.name == name) return entry.descriptor.digest;
    }
    return "nobody";
  }
  static image::ReportedImage reported(const image::Descriptor& manifest, const std::vector<std::string>& names) {
    return {.manifest = manifest.digest, .id = "sha256:id", .names = names};
  }

  Places places_;
};

TEST_F(NamesBeforeTest, AreGivenBackToWhatHadThem) {
  const image::Descriptor old = put_image("a", "c", {"1"});
  const image::Descriptor stand_in = put("a/b", "5", "{}");
  ASSERT_TRUE(set_name(store_, kName, old, stand_in));
  const NamesBefore names_before = before();
  const image::Descriptor wrong = put_image("b", "d", {"1", "2"});
  ASSERT_TRUE(set_name(store_, kName, wrong));
  ASSERT_TRUE(set_name(store_, "localhost/new:1", wrong));
  const Error failure = names_before.put_back(reported(wrong, {kName, "localhost/new:1"}), complaint("it is wrong"));
  EXPECT_EQ(failure.text(), complaint("it is wrong").text());
  EXPECT_EQ(owner_of(kName), old.digest);
  EXPECT_THAT(names(), ElementsAre(kName)) << "and not a second time without a name";
  EXPECT_EQ(store_.index().value().entries[0].stand_in, stand_in);
  EXPECT_FALSE(store_.has(wrong));
  EXPECT_TRUE(store_.has(old));
}

TEST_F(NamesBeforeTest, StayWhereAnotherThingStoodInTheWay) {
  const NamesBefore names_before = before();
  const image::Descriptor image = put_image("a", "c", {"1"});
  ASSERT_TRUE(set_name(store_, kName, image));
  errno = ENOSPC;
  (void)names_before.put_back(reported(image, {kName}), os_error("write", "a file"));
  EXPECT_EQ(owner_of(kName), image.digest);
}

TEST_F(NamesBeforeTest, ThatWereItsBeforeAreItsStill) {
  const image::Descriptor image = put_image("a", "c", {"1"});
  ASSERT_TRUE(set_name(store_, "localhost/mine:1", image));
  const NamesBefore names_before = before();
  ASSERT_TRUE(set_name(store_, kName, image));
  (void)names_before.put_back(reported(image, {kName}), complaint("it is wrong"));
  EXPECT_THAT(names(), UnorderedElementsAre("localhost/mine:1"));
}

TEST_F(NamesBeforeTest, OfAnImageWithoutANameItGoes) {
  const NamesBefore names_before = before();
  const image::Descriptor image = put_image("a", "c", {"1"});
  ASSERT_TRUE(image::keep_unnamed(store_, image));
  (void)names_before.put_back(reported(image, {}), complaint("it is wrong"));
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THAT(files("blobs/sha256"), IsEmpty());
}

}  // namespace
}  // namespace caisson::engine
