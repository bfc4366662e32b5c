#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "image/index.h"
#include "image/media_type.h"
#include "image/platform.h"

namespace caisson::image {
namespace {

std::string texts(const std::vector<Platform>& platforms) {
  std::vector<std::string> words;
  for (const Platform& platform : platforms) words.push_back(platform.text());
  return join(words, " ");
}
Platform platform(std::string_view text) {
  return parse_platform(text, {.os = "linux", .architecture = "amd64"}).value();
}

TEST(Platform, IsReadAndNormal) {
  const auto normal = [](std::string_view text) { return platform(text).text(); };
  EXPECT_EQ(normal("linux/amd64"), "linux/amd64");
  EXPECT_EQ(normal("Linux/x86_64"), "linux/amd64");
  EXPECT_EQ(normal("linux/amd64/v1"), "linux/amd64");
  EXPECT_EQ(normal("linux/amd64/v3"), "linux/amd64/v3");
  EXPECT_EQ(normal("linux/arm"), "linux/arm/v7");
  EXPECT_EQ(normal("linux/arm/6"), "linux/arm/v6");
  EXPECT_EQ(normal("linux/armel"), "linux/arm/v6");
  EXPECT_EQ(normal("linux/arm64/v8"), "linux/arm64");
  EXPECT_EQ(normal("aarch64"), "linux/arm64");
  EXPECT_EQ(normal("windows"), "windows/amd64");
  EXPECT_EQ(platform_of_machine("x86_64").text(), "linux/amd64");
  EXPECT_EQ(platform_of_machine("armv7l").text(), "linux/arm/v7");
  EXPECT_EQ(platform_of_machine("riscv64").text(), "linux/riscv64");
  EXPECT_EQ(parse_platform("linux", {.os = "linux", .architecture = "arm", .variant = "v6"})->text(), "linux/arm/v6");
  for (const char* wrong : {"", "/", "linux/", "/amd64", "linux//v7", "linux/arm/v7/x", "linux/a md", "linux/\x1b"}) {
    EXPECT_FALSE(parse_platform(wrong, {})) << wrong;
  }
}

TEST(Platform, RunsWhatIsLesser) {
  EXPECT_EQ(texts(fitting(platform("linux/arm/v7"))), "linux/arm/v7 linux/arm/v6 linux/arm/v5");
  EXPECT_EQ(texts(fitting(platform("linux/arm/v5"))), "linux/arm/v5");
  EXPECT_EQ(texts(fitting(platform("linux/amd64"))), "linux/amd64");
  EXPECT_EQ(texts(fitting(platform("linux/amd64/v3"))), "linux/amd64/v3 linux/amd64/v2 linux/amd64");
  EXPECT_EQ(texts(fitting(platform("linux/arm64"))), "linux/arm64");
  EXPECT_EQ(texts(fitting(platform("linux/arm64/v9.2"))),
            "linux/arm64/v9.2 linux/arm64/v9.1 linux/arm64/v9 linux/arm64");
  EXPECT_EQ(texts(fitting(platform("linux/arm64/v8.2"))), "linux/arm64/v8.2 linux/arm64/v8.1 linux/arm64");
  EXPECT_EQ(texts(fitting(platform("linux/arm/v99999999999999999999"))), "linux/arm/v99999999999999999999");
  EXPECT_EQ(texts(fitting_host(platform("linux/amd64"))), "linux/amd64 linux/386");
  EXPECT_EQ(texts(fitting_host(platform("linux/arm64"))),
            "linux/arm64 linux/arm/v8 linux/arm/v7 linux/arm/v6 linux/arm/v5");
  EXPECT_EQ(texts(fitting_host(platform("linux/s390x"))), "linux/s390x");
}

TEST(Platform, HasTheFeaturesThatAnImageNeeds) {
  Platform needs = platform("linux/amd64");
  needs.os_features = {"sse4"};
  Platform has = needs;
  has.os_features = {"aes", "sse4"};
  EXPECT_EQ(rank(fitting(platform("linux/amd64")), needs), std::nullopt);
  EXPECT_EQ(rank(fitting(has), needs), 0U);
  EXPECT_EQ(rank(fitting(has), platform("linux/amd64")), 0U);
}

// An index whose manifests are for these platforms ("-": for none that is told), each known by its size.
Index index_of(const std::vector<std::string>& platforms) {
  Index index;
  for (const std::string& text : platforms) {
    Descriptor& manifest = index.manifests.emplace_back();
    manifest.media_type = media_type::kOciManifest;
    manifest.size = static_cast<std::int64_t>(index.manifests.size());
    if (text != "-") manifest.platform = platform(text);
  }
  return index;
}
std::string chosen(const std::vector<std::string>& there, std::string_view wanted) {
  const Result<Descriptor> manifest = choose(index_of(there), fitting(platform(wanted)));
  return manifest ? there[static_cast<std::size_t>(manifest->size) - 1] : manifest.error().text();
}

TEST(Index, IsChosenFrom) {
  EXPECT_EQ(chosen({"linux/arm64", "linux/amd64"}, "linux/amd64"), "linux/amd64");
  EXPECT_EQ(chosen({"linux/arm/v5", "linux/arm/v6", "linux/arm64"}, "linux/arm/v7"), "linux/arm/v6");
  EXPECT_EQ(chosen({"linux/arm/v7"}, "linux/arm/v6"), "there is no image for linux/arm/v6, but for linux/arm/v7");
  EXPECT_EQ(chosen({"linux/amd64/v3", "linux/amd64"}, "linux/amd64"), "linux/amd64");
  EXPECT_EQ(chosen({"linux/amd64", "linux/amd64/v3", "linux/amd64/v2"}, "linux/amd64/v4"), "linux/amd64/v3");
  EXPECT_EQ(chosen({"-", "linux/amd64"}, "linux/amd64"), "linux/amd64");
  EXPECT_EQ(chosen({"linux/arm64", "-"}, "linux/amd64"), "-");
  EXPECT_EQ(chosen({"unknown/unknown", "linux/arm64", "linux/arm64", "windows/amd64"}, "linux/amd64"),
            "there is no image for linux/amd64, but for linux/arm64, windows/amd64");
  EXPECT_EQ(chosen({"unknown/unknown"}, "linux/amd64"), "there is no image for linux/amd64, nor for another platform");

  const Result<Descriptor> on_host =
      choose(index_of({"linux/arm64", "linux/386"}), fitting_host(platform("linux/amd64")));
  EXPECT_EQ(on_host->size, 2);
}

TEST(Index, HasFirstWhatIsTakenOfTwo) {
  const Result<Descriptor> manifest =
      choose(index_of({"linux/arm64", "linux/amd64", "linux/amd64"}), fitting(platform("linux/amd64")));
  EXPECT_EQ(manifest->size, 2);
}

TEST(Index, MayHoldWhatIsNoImage) {
  Index index = index_of({"-", "-"});
  index.manifests[0].artifact_type = "application/vnd.example.signature";
  EXPECT_EQ(choose(index, fitting(platform("linux/amd64")))->size, 2);
  index.manifests[1].media_type = "application/vnd.example.other+json";
  EXPECT_FALSE(choose(index, fitting(platform("linux/amd64"))));
}

}  // namespace
}  // namespace caisson::image
