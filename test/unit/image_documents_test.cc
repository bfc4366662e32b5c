#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include <fmt/format.h>

#include "image/chain_id.h"
#include "image/image_config.h"
#include "image/limits.h"
#include "image/manifest_kind.h"
#include "image/media_type.h"

namespace caisson::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string digest(char c) { return "sha256:" + std::string(64, c); }
std::string descriptor(std::string_view type, char c, std::string_view more = "") {
  return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{}{}}})", type, digest(c), static_cast<int>(c), more);
}

const std::string kManifest = fmt::format(
    R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{},{}],"annotations":{{"a":"b"}},"unknown":[1]}})",
    media_type::kOciManifest, descriptor(media_type::kOciConfig, 'a'), descriptor(media_type::kOciLayerGzip, 'b'),
    descriptor(media_type::kOciLayerZstd, 'c', R"(,"urls":["https://x/y"],"annotations":null)"));
const std::string kDockerManifest =
    fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]}})", media_type::kDockerManifest,
                descriptor(media_type::kDockerConfig, 'a'), descriptor(media_type::kDockerLayerGzip, 'b'));
const std::string kIndex =
    fmt::format(R"({{"schemaVersion":2,"manifests":[{},{}]}})",
                descriptor(media_type::kOciManifest, 'a',
                           R"(,"platform":{"os":"linux","architecture":"arm","variant":"v7","os.features":["f"]})"),
                descriptor(media_type::kOciManifest, 'b'));

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Manifest, IsRead) {
  const Result<Manifest> manifest = read_manifest(kManifest);
  ASSERT_TRUE(manifest) << manifest.error().text();
  EXPECT_EQ(manifest->config.digest, digest('a'));
  EXPECT_EQ(manifest->config.size, 'a');
  ASSERT_EQ(manifest->layers.size(), 2U);
  EXPECT_EQ(manifest->layers[1].media_type, media_type::kOciLayerZstd);
  EXPECT_THAT(manifest->layers[1].urls, ElementsAre("https://x/y"));
  EXPECT_EQ(manifest->annotations.at("a"), "b");
  EXPECT_TRUE(check_is_image(*manifest));
  EXPECT_EQ(read_manifest(write_manifest(*manifest)), *manifest);

  EXPECT_EQ(read_manifest(kDockerManifest)->media_type, media_type::kDockerManifest);
  EXPECT_TRUE(check_is_image(*read_manifest(kDockerManifest)));
}

TEST(Index, IsRead) {
  const Result<Index> index = read_index(kIndex);
  ASSERT_TRUE(index) << index.error().text();
  EXPECT_EQ(index->media_type, media_type::kOciIndex);
  ASSERT_EQ(index->manifests.size(), 2U);
  EXPECT_EQ(index->manifests[0].platform->text(), "linux/arm/v7");
  EXPECT_THAT(index->manifests[0].platform->os_features, ElementsAre("f"));
  EXPECT_EQ(index->manifests[1].platform, std::nullopt);
  EXPECT_EQ(read_index(write_index(*index)), *index);
}

TEST(Manifest, OrIndexIsToldApart) {
  EXPECT_TRUE(std::holds_alternative<Manifest>(*read_manifest_or_index(kManifest)));
  EXPECT_TRUE(std::holds_alternative<Index>(*read_manifest_or_index(kIndex)));
  EXPECT_THAT(read_index(kManifest).error().text(), HasSubstr("the manifest of one image"));
  EXPECT_THAT(read_manifest(kIndex).error().text(), HasSubstr("an index of images"));
  // What a registry says of it.
  EXPECT_TRUE(read_manifest(kManifest, "Application/vnd.oci.image.manifest.v1+json; charset=utf-8"));
  EXPECT_TRUE(read_manifest(kManifest, "text/plain"));
  EXPECT_EQ(read_index(kIndex, media_type::kDockerIndex)->media_type, media_type::kDockerIndex);
  EXPECT_EQ(read_manifest(kManifest, media_type::kOciIndex).error().text(),
            fmt::format("image manifest: it was said to be '{}', but it is an image manifest", media_type::kOciIndex));
}

struct WrongCase {
  std::string document;
  std::string words;
};
void PrintTo(const WrongCase& wrong, std::ostream* out) { *out << wrong.words; }
class WrongManifestTest : public testing::TestWithParam<WrongCase> {};
TEST_P(WrongManifestTest, IsRefusedByPointer) {
  const auto manifest = read_manifest_or_index(GetParam().document);
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().text(), GetParam().words);
}
INSTANTIATE_TEST_SUITE_P(
    Documents, WrongManifestTest,
    testing::Values(
        WrongCase{"",
                  "image manifest: not JSON: line 1, column 1: syntax error while parsing value - unexpected end of "
                  "input; expected '[', '{', or a literal"},
        WrongCase{"[]", "image manifest: wrong type: an object is expected"},
        WrongCase{"{}", "image manifest: neither a manifest nor an index"},
        WrongCase{replaced(kManifest, "{", R"({"manifests":[],)"),
                  "image manifest: /manifests: a manifest has none, and an index no config or layers"},
        WrongCase{replaced(kManifest, media_type::kOciManifest, media_type::kOciIndex),
                  "image manifest: /mediaType: 'application/vnd.oci.image.index.v1+json', but it is an image manifest"},
        WrongCase{replaced(kManifest, media_type::kOciManifest, "a/b"),
                  "image manifest: /mediaType: 'a/b', but it is an image manifest"},
        WrongCase{
            replaced(kManifest, R"("mediaType":"application/vnd.oci.image.manifest.v1+json")", R"("mediaType":1)"),
            "image manifest: /mediaType: wrong type: a string is expected"},
        WrongCase{replaced(kManifest, R"("schemaVersion":2,)", ""), "image manifest: /schemaVersion: missing"},
        WrongCase{replaced(kManifest, R"("schemaVersion":2,)", R"("schemaVersion":3,)"),
                  "image manifest: /schemaVersion: it is 3, not 2"},
        WrongCase{replaced(kManifest, digest('a'), "sha256:0"),
                  "image manifest: /config/digest: the digest 'sha256:0' has 1 digits, not 64"},
        WrongCase{replaced(kManifest, digest('c'), ""),
                  "image manifest: /layers/1/digest: '' is not a sha256: digest, and others are not known"},
        WrongCase{replaced(kManifest, R"("size":98)", R"("size":-1)"),
                  "image manifest: /layers/0/size: a size is not negative"},
        WrongCase{
            replaced(kManifest, R"("size":98)", R"("size":9223372036854775808)"),
            "image manifest: /layers/0/size: not a whole number from -9223372036854775808 to 9223372036854775807"},
        WrongCase{
            replaced(kManifest, R"("size":98)", R"("size":1.5)"),
            "image manifest: /layers/0/size: not a whole number from -9223372036854775808 to 9223372036854775807"},
        WrongCase{replaced(kManifest, R"(,"size":98)", ""), "image manifest: /layers/0/size: missing"},
        WrongCase{replaced(kManifest, media_type::kOciLayerGzip, "no type"),
                  "image manifest: /layers/0/mediaType: 'no type' is not a media type"},
        WrongCase{replaced(kManifest, R"("config":{)", R"("config":null,"c":{)"), "image manifest: /config: missing"},
        WrongCase{replaced(kManifest, R"("layers":[)", R"("layers":[7,)"),
                  "image manifest: /layers/0: wrong type: an object is expected"},
        WrongCase{replaced(kManifest, R"("a":"b")", R"("a":1)"),
                  "image manifest: /annotations/a: wrong type: a string is expected"},
        // Programs differ in which of the two they read.
        WrongCase{replaced(kManifest, R"("size":99)", R"("size":99,"size":1)"),
                  "image manifest: /layers/1/size: it stands there twice"},
        WrongCase{replaced(kIndex, R"("os":"linux")", R"("os":1)"),
                  "image index: /manifests/0/platform/os: wrong type: a string is expected"},
        WrongCase{R"({"schemaVersion":1,"name":"a","tag":"1","fsLayers":[]})",
                  "image manifest: Docker's schema 1, which has no config and no media types"},
        WrongCase{R"({"mediaType":"application/vnd.docker.distribution.manifest.v1+prettyjws"})",
                  "image manifest: Docker's schema 1, which has no config and no media types"},
        WrongCase{std::string(kManifestBytes + 1, ' '),
                  "image manifest: it has 4194305 bytes, and 4194304 are allowed"},
        WrongCase{std::string(65, '['), "image manifest: more than 64 levels"},
        WrongCase{"[0" +
                      [] {
                        std::string many;
                        for (int i = 0; i < 104'858; ++i) many += ",0";
                        return many;
                      }() +
                      "]",
                  "image manifest: more than 104858 values"}));

TEST(Manifest, OfWhatIsNoImageIsToldByItsType) {
  const auto words = [](const std::string& from, std::string_view to) {
    return check_is_image(*read_manifest(replaced(kManifest, from, to))).error().text();
  };
  EXPECT_EQ(words(std::string(media_type::kOciConfig), "application/vnd.cncf.helm.config.v1+json"),
            "it is no image but an artifact of the type 'application/vnd.cncf.helm.config.v1+json'");
  EXPECT_EQ(words(std::string(media_type::kOciLayerZstd), "application/vnd.dev.cosign.simplesigning.v1+json"),
            "its layer 2 is of the type 'application/vnd.dev.cosign.simplesigning.v1+json', which is not known");
  EXPECT_EQ(words(std::string(media_type::kOciLayerGzip), std::string(media_type::kOciLayerGzip) + "+encrypted"),
            "its layer 1 is encrypted");
}

TEST(MediaType, IsOfTheForm) {
  EXPECT_TRUE(is_media_type("application/vnd.oci.empty.v1+json"));
  for (const char* wrong : {"", "a", "/", "a/", "/b", "a/b/c", "a/b c", "a b/c", "a/\x1b"})
    EXPECT_FALSE(is_media_type(wrong)) << wrong;
  EXPECT_TRUE(is_nondistributable("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"));
  EXPECT_FALSE(is_nondistributable(media_type::kDockerLayerGzip));
}

const std::string kConfig = fmt::format(R"({{
  "created": "2024-01-01T00:00:00Z", "author": "me", "architecture": "arm64", "os": "linux", "variant": "v8",
  "config": {{
    "User": "1:2", "ExposedPorts": {{"80/tcp": {{}}, "53": null}}, "Env": ["PATH=/bin", "A=b"], "Entrypoint": ["/bin/sh"],
    "Cmd": ["-c", "true"], "Volumes": {{"/data": {{}}}}, "WorkingDir": "/w", "Labels": {{"l": "v"}}, "StopSignal": "SIGINT",
    "Healthcheck": {{"Test": ["CMD", "true"], "Interval": 5000000000, "Retries": 3}}, "Shell": ["/bin/sh", "-c"],
    "OnBuild": null, "ArgsEscaped": true, "Image": ""
  }},
  "rootfs": {{"type": "layers", "diff_ids": ["{}", "{}"]}},
  "history": [{{"created": "2024-01-01T00:00:00Z", "created_by": "ADD x"}}, {{"comment": "c", "empty_layer": true}}],
  "docker_version": "27"
}})",
                                        digest('1'), digest('2'));

TEST(ImageConfig, IsRead) {
  const Result<ImageConfig> config = read_image_config(kConfig);
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->platform.text(), "linux/arm64/v8");
  EXPECT_EQ(config->defaults.user, "1:2");
  EXPECT_THAT(config->defaults.environment, ElementsAre("PATH=/bin", "A=b"));
  EXPECT_THAT(config->defaults.entrypoint, ElementsAre("/bin/sh"));
  EXPECT_THAT(config->defaults.command, ElementsAre("-c", "true"));
  EXPECT_THAT(config->defaults.exposed_ports, ElementsAre("53", "80/tcp"));
  EXPECT_THAT(config->defaults.volumes, ElementsAre("/data"));
  EXPECT_EQ(config->defaults.working_directory, "/w");
  EXPECT_EQ(config->defaults.labels.at("l"), "v");
  EXPECT_EQ(config->defaults.stop_signal, "SIGINT");
  EXPECT_EQ(config->defaults.healthcheck->interval_ns, 5'000'000'000);
  EXPECT_EQ(config->defaults.healthcheck->retries, 3);
  EXPECT_THAT(config->diff_ids, ElementsAre(digest('1'), digest('2')));
  ASSERT_EQ(config->history.size(), 2U);
  EXPECT_TRUE(config->history[1].empty_layer);
  EXPECT_EQ(read_image_config(write_image_config(*config)), *config);

  EXPECT_TRUE(check_layers(*read_manifest(kManifest), *config));
  EXPECT_EQ(check_layers(*read_manifest(kDockerManifest), *config).error().text(),
            "its manifest has 1 layers, but its config has 2");
}

TEST(ImageConfig, OfNothingIsThatOfAnEmptyImage) {
  const Result<ImageConfig> config = read_image_config(R"({"rootfs":{"type":"layers","diff_ids":null},"config":null})");
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(*config, ImageConfig{});
  EXPECT_EQ(read_image_config(write_image_config(*config)), *config);
}

TEST(ImageConfig, ThatIsWrongIsRefusedByPointer) {
  const auto words = [](const std::string& from, std::string_view to) {
    return read_image_config(replaced(kConfig, from, to)).error().text();
  };
  EXPECT_EQ(words(digest('2'), "x"),
            "image config: /rootfs/diff_ids/1: 'x' is not a sha256: digest, and others are not known");
  EXPECT_EQ(words("\"layers\"", "\"other\""), "image config: /rootfs/type: 'other' is not known: \"layers\" is");
  EXPECT_EQ(words("\"rootfs\"", "\"root\""), "image config: /rootfs: missing");
  EXPECT_EQ(words(R"(["/bin/sh"])", R"("/bin/sh")"),
            "image config: /config/Entrypoint: wrong type: a list is expected");
  EXPECT_EQ(words("\"A=b\"", "\"A=\\u0000\""), "image config: /config/Env/1: a NUL byte cannot be in it");
  EXPECT_EQ(words("\"/data\": {}", "\"/d\\u0000\": {}"),
            "image config: /config/Volumes: a NUL byte cannot be in a key");
  EXPECT_EQ(words("\"80/tcp\": {}", "\"80/tcp\": 1"),
            "image config: /config/ExposedPorts/80~1tcp: wrong type: an object is expected");
}

// A set of very many is read in a moment all the same.
TEST(ImageConfig, MayHaveManyVolumes) {
  std::string volumes = R"("/":{})";
  for (int i = 0; i < 45'000; ++i) volumes += fmt::format(R"(,"/{}":{{}})", i);
  const std::clock_t begin = std::clock();
  const Result<ImageConfig> config = read_image_config(replaced(kConfig, R"("/data": {})", volumes));
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->defaults.volumes.size(), 45'001U);
  EXPECT_LT(std::clock() - begin, 2 * CLOCKS_PER_SEC);  // of the processor's time
}

TEST(ChainId, IsOfALayerAndAllBelow) {
  const DigestOf join = [](std::string_view text) -> Result<std::string> { return "(" + std::string(text) + ")"; };
  EXPECT_THAT(*chain_ids({}, join), testing::IsEmpty());
  EXPECT_THAT(*chain_ids({"a", "b", "c"}, join), ElementsAre("a", "(a b)", "((a b) c)"));
  const DigestOf fails = [](std::string_view) -> Result<std::string> { return fail(complaint("none")); };
  EXPECT_TRUE(chain_ids({"a"}, fails));
  EXPECT_FALSE(chain_ids({"a", "b"}, fails));
}

}  // namespace
}  // namespace caisson::image
