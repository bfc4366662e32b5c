// Volumes, images and what other containers have, as mounts of a configuration and of a record.
#include <gmock/gmock.h>

#include "engine_compose_fixture.h"

namespace caisson::engine {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Surroundings with_volumes() {
  Surroundings around = typical();
  around.id = std::string(64, 'c');
  around.volumes = "/v";
  around.named_volumes = {
      {"there", {.data = "/v/there/_data", .options = {}}},
      {"memory", {.data = "/v/memory/_data", .options = {{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "size=1m,ro"}}}},
      {"host", {.data = "/v/host/_data", .options = {{"type", "none"}, {"device", "/srv"}, {"o", "bind"}}}}};
  return around;
}

MountChoice volume(const std::string& name, const std::string& destination, std::vector<std::string> options = {}) {
  return {.kind = MountKind::kVolume,
          .source = name,
          .destination = destination,
          .options = std::move(options),
          .typed = "-v " + name + ":" + destination};
}

Composed composed(std::vector<MountChoice> mounts, const Surroundings& around = with_volumes()) {
  RunOptions options = command();
  options.mounts = std::move(mounts);
  return compose_well(options, around);
}

TEST(ComposeVolumes, AreBoundAndBeginWithWhatTheImageHas) {
  const Composed found = composed({volume("there", "/a"), volume("new", "/b", {"ro", "suid"})});
  EXPECT_THAT(show(found.config.mounts), Contains("/v/there/_data /a bind bind,copyup,nosuid,nodev,rprivate"));
  EXPECT_THAT(show(found.config.mounts), Contains("/v/new/_data /b bind bind,copyup,ro,suid,nodev,rprivate"));
  ASSERT_EQ(found.volumes.size(), 2U);
  EXPECT_EQ(found.volumes[1].name, "new");
  EXPECT_FALSE(found.volumes[1].anonymous);
  ASSERT_EQ(found.mounts.size(), 2U);
  EXPECT_EQ(found.mounts[0], (MountRecord{.type = "volume",
                                          .name = "there",
                                          .source = "/v/there/_data",
                                          .destination = "/a",
                                          .propagation = "rprivate"}));
  EXPECT_FALSE(found.mounts[1].writable);
}

TEST(ComposeVolumes, WithoutANameAreTheContainersOwn) {
  const Composed found = composed({volume("", "/a"), volume("", "/b")});
  ASSERT_EQ(found.volumes.size(), 2U);
  EXPECT_EQ(found.volumes[0].name, std::string(60, 'c') + "0000");
  EXPECT_EQ(found.volumes[1].name, std::string(60, 'c') + "0001");
  EXPECT_TRUE(found.volumes[0].anonymous && found.mounts[1].anonymous);
}

TEST(ComposeVolumes, AreWhatTheirOptionsSay) {
  const Composed found = composed({volume("memory", "/m", {"noexec"}), volume("host", "/h")});
  EXPECT_THAT(show(found.config.mounts), Contains("tmpfs /m tmpfs size=1m,ro,noexec,nosuid,nodev,rprivate"));
  EXPECT_THAT(show(found.config.mounts), Contains("/srv /h bind bind,nosuid,nodev,rprivate"));
  MountChoice part = volume("host", "/h");
  part.subpath = "x";
  RunOptions options = command();
  options.mounts = {part};
  EXPECT_FALSE(compose(options, with_volumes()));
}

TEST(ComposeVolumes, ThatAreNotCopiedToOrBelowAnOverlay) {
  MountChoice plain = volume("there", "/a");
  plain.copy = false;
  MountChoice part = volume("there", "/b");
  part.subpath = "x/y";
  MountChoice overlay = volume("there", "/c");
  overlay.overlay = true;
  const Composed found = composed({plain, part, overlay});
  EXPECT_THAT(show(found.config.mounts), Contains("/v/there/_data /a bind bind,nosuid,nodev,rprivate"));
  EXPECT_THAT(show(found.config.mounts), Contains("/v/there/_data /b bind bind,subpath=x/y,nosuid,nodev,rprivate"));
  EXPECT_THAT(show(found.config.mounts), Contains(HasSubstr("/c overlay lowerdir=/v/there/_data,upperdir=")));
  EXPECT_THAT(found.mounts[0].options, ElementsAre("nocopy"));
  EXPECT_THAT(found.mounts[1].options, ElementsAre("subpath=x/y"));
  EXPECT_THAT(found.mounts[2].options, ElementsAre("O"));
}

TEST(ComposeVolumes, OfAnotherContainerLieBelowTheOptions) {
  Surroundings around = with_volumes();
  around.inherited = {{.typed = "--volumes-from web:ro",
                       .read_only = true,
                       .mounts = {{.type = "volume", .name = "there", .destination = "/a", .options = {"rw"}},
                                  {.type = "volume", .name = "there", .destination = "/taken"},
                                  {.type = "bind", .source = "/srv", .destination = "/b"},
                                  {.type = "tmpfs", .destination = "/t"}}}};
  const Composed found = composed({volume("new", "/taken")}, around);
  EXPECT_THAT(show(found.config.mounts), Contains("/v/there/_data /a bind bind,copyup,ro,nosuid,nodev,rprivate"));
  EXPECT_THAT(show(found.config.mounts), Contains("/srv /b bind rbind,ro,rprivate"));
  EXPECT_THAT(show(found.config.mounts), Contains(HasSubstr("/v/new/_data /taken")));
  EXPECT_THAT(show(found.config.mounts), Not(Contains(HasSubstr(" /t "))));
  EXPECT_EQ(found.mounts.size(), 3U);
}

TEST(ComposeVolumes, ImagesAreReadOnlyUnlessTheyAreBelowAnOverlay) {
  Surroundings around = with_volumes();
  around.image_layers = {{"one", {"/l1"}}, {"two", {"/l2", "/l1"}}, {"none", {}}};
  const auto image = [](const std::string& name) {
    return MountChoice{
        .kind = MountKind::kImage, .source = name, .destination = "/" + name, .typed = "--mount " + name};
  };
  MountChoice written = image("two");
  written.destination = "/rw";
  written.overlay = true;
  const Composed found = composed({image("one"), image("two"), written}, around);
  EXPECT_THAT(show(found.config.mounts), Contains("/l1 /one bind bind,ro,nosuid,nodev,rprivate"));
  EXPECT_THAT(show(found.config.mounts), Contains("overlay /two overlay lowerdir=/l2:/l1,ro,nosuid,nodev,rprivate"));
  EXPECT_THAT(show(found.config.mounts), Contains(HasSubstr("overlay /rw overlay lowerdir=/l2:/l1,upperdir=")));
  EXPECT_THAT(found.mounts[1].layers, ElementsAre("/l2", "/l1"));
  EXPECT_FALSE(found.mounts[1].writable);
  EXPECT_TRUE(found.mounts[2].writable);

  RunOptions options = command();
  options.mounts = {image("none")};
  EXPECT_EQ(compose(options, around).error().text(), "--mount none: image none has no layers");
  around.image_layers["many"] = std::vector<std::string>(300, "/layers/0123456789");
  options.mounts = {image("many")};
  EXPECT_THAT(compose(options, around).error().text(), HasSubstr("image many has 300 layers"));
}

TEST(VolumeRecord, IsReadAsItWasWritten) {
  const VolumeRecord record{.name = "data",
                            .created_ns = 5,
                            .labels = {{"a", "b"}},
                            .options = {{"type", "none"}, {"device", "/srv"}},
                            .anonymous = true};
  const Result<VolumeRecord> read = read_volume_record(to_json(record));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(*read, record);
  EXPECT_FALSE(read_volume_record(""));
  EXPECT_FALSE(read_volume_record(R"({"version":2})"));
}

TEST(VolumeRecord, HasANameThatIsAFile) {
  for (const char* name : {"a", "A_b.c-d", "0"}) EXPECT_TRUE(is_volume_name(name)) << name;
  for (const char* name : {"", ".", "..", "-a", "a/b", "a b", ".new.x"}) EXPECT_FALSE(is_volume_name(name)) << name;
  EXPECT_FALSE(is_volume_name(std::string(256, 'a')));
}

TEST(VolumeRecord, OptionsAreThoseOfDockersLocalDriver) {
  EXPECT_TRUE(check_volume_options({}));
  EXPECT_TRUE(check_volume_options({{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "size=1m"}}));
  EXPECT_FALSE(check_volume_options({{"o", "bind"}, {"type", "none"}}));
  EXPECT_FALSE(check_volume_options({{"type", "none"}}));
  EXPECT_FALSE(check_volume_options({{"size", "1m"}}));
}

}  // namespace
}  // namespace caisson::engine
