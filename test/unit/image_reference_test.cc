#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "image/digest_name.h"
#include "image/image_source.h"
#include "image/reference.h"

namespace caisson::image {
namespace {

const std::string kHex(64, 'a');
const std::string kDigest = "sha256:" + kHex;

struct NameCase {
  std::string written;
  std::string full;
  std::string familiar;
  bool is_short = false;
};
void PrintTo(const NameCase& name_case, std::ostream* out) { *out << name_case.written; }
class NameTest : public testing::TestWithParam<NameCase> {};
TEST_P(NameTest, IsCompleted) {
  const Result<Reference> reference = parse_reference(GetParam().written);
  ASSERT_TRUE(reference) << reference.error().text();
  EXPECT_EQ(reference->text(), GetParam().full);
  EXPECT_EQ(reference->familiar(), GetParam().familiar);
  EXPECT_EQ(is_short_name(GetParam().written), GetParam().is_short);
  EXPECT_EQ(parse_reference(reference->text()), *reference);
  EXPECT_EQ(parse_reference(reference->familiar()), *reference);
}
INSTANTIATE_TEST_SUITE_P(
    Names, NameTest,
    testing::Values(
        NameCase{"busybox", "docker.io/library/busybox", "busybox", true},
        NameCase{"busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36", true},
        NameCase{"busybox@" + kDigest, "docker.io/library/busybox@" + kDigest, "busybox@" + kDigest, true},
        NameCase{"busybox:1@" + kDigest, "docker.io/library/busybox:1@" + kDigest, "busybox:1@" + kDigest, true},
        NameCase{"library/busybox", "docker.io/library/busybox", "busybox", true},
        NameCase{"docker.io/busybox", "docker.io/library/busybox", "busybox"},
        NameCase{"index.docker.io/library/busybox:1", "docker.io/library/busybox:1", "busybox:1"},
        NameCase{"Docker.IO/busybox", "docker.io/library/busybox", "busybox"},
        NameCase{"me/tool:v1", "docker.io/me/tool:v1", "me/tool:v1", true},
        NameCase{"docker.io/library/a/b", "docker.io/library/a/b", "library/a/b"},
        // What is short for it would be another thing.
        NameCase{"docker.io/foo.com/bar", "docker.io/foo.com/bar", "docker.io/foo.com/bar"},
        NameCase{"docker.io/localhost/bar", "docker.io/localhost/bar", "docker.io/localhost/bar"},
        NameCase{"docker.io/library/" + kHex, "docker.io/library/" + kHex, "docker.io/library/" + kHex},
        NameCase{kHex + ":1", "docker.io/library/" + kHex + ":1", kHex + ":1", true},
        NameCase{"docker.io/docker.io", "docker.io/library/docker.io", "docker.io"},
        NameCase{"localhost/tool", "localhost/tool", "localhost/tool"},
        NameCase{"localhost:5000", "docker.io/library/localhost:5000", "localhost:5000", true},
        NameCase{"localhost:5000/a/b/c:T_1.x-y", "localhost:5000/a/b/c:T_1.x-y", "localhost:5000/a/b/c:T_1.x-y"},
        NameCase{"[::1]:5000/a", "[::1]:5000/a", "[::1]:5000/a"}, NameCase{"[fe80::A]/a", "[fe80::a]/a", "[fe80::a]/a"},
        NameCase{"Quay.io/a.b/c_d/e__f/g---h/0", "quay.io/a.b/c_d/e__f/g---h/0", "quay.io/a.b/c_d/e__f/g---h/0"},
        NameCase{"xn--7o8h.com/a", "xn--7o8h.com/a", "xn--7o8h.com/a"},
        NameCase{"r.io/" + std::string(255, 'p'), "r.io/" + std::string(255, 'p'), "r.io/" + std::string(255, 'p')},
        NameCase{"r.io/p:" + std::string(128, 't'), "r.io/p:" + std::string(128, 't'),
                 "r.io/p:" + std::string(128, 't')}));

struct WrongCase {
  std::string written;
  std::string words;
};
void PrintTo(const WrongCase& wrong, std::ostream* out) { *out << wrong.written << ": " << wrong.words; }
class WrongNameTest : public testing::TestWithParam<WrongCase> {};
TEST_P(WrongNameTest, IsToldWhatIsWrongWhere) {
  const Result<Reference> reference = parse_reference(GetParam().written);
  ASSERT_FALSE(reference);
  EXPECT_THAT(reference.error().text(), testing::EndsWith(GetParam().words));
  EXPECT_EQ(reference.error().text().find('\n'), std::string::npos);
}
INSTANTIATE_TEST_SUITE_P(
    Names, WrongNameTest,
    testing::Values(
        WrongCase{"", "the name of an image is empty"},
        WrongCase{"Busybox", "'Busybox' is not the name of an image: 'B' at character 1: it has to be in lower case"},
        WrongCase{"docker.io/me/Tool:1", "'T' at character 14: it has to be in lower case"},
        WrongCase{"Me/tool", "'M' at character 1: it has to be in lower case"},
        WrongCase{"busy box", "' ' at character 5 cannot be in it"},
        WrongCase{"caf\u00e9/x", "'\u00e9' at character 4 cannot be in it"},
        WrongCase{"\u00e9\u00e9/B", "'\u00e9' at character 1 cannot be in it"},
        WrongCase{"a\x1b[2J", "'a\\033[2J' is not the name of an image: '\\033' at character 2 cannot be in it"},
        WrongCase{"a//b", "a part of it is empty, at character 3"},
        WrongCase{"a/", "a part of it is empty, at character 3"},
        WrongCase{"/a", "a part of it is empty, at character 1"},
        WrongCase{":1", "a part of it is empty, at character 1"},
        WrongCase{"docker.io/", "a part of it is empty, at character 11"},
        WrongCase{"-a", "'-' at character 1 cannot begin a part of it"},
        WrongCase{"a/_b", "'_' at character 3 cannot begin a part of it"},
        WrongCase{"a-/b", "'-' at character 2 cannot end a part of it"},
        WrongCase{"a..b", "'..' at character 2: between letters and digits are '.', '_', '__' or dashes"},
        WrongCase{"a/b___c", "'___' at character 4: between letters and digits are '.', '_', '__' or dashes"},
        WrongCase{"a._b", "'._' at character 2: between letters and digits are '.', '_', '__' or dashes"},
        WrongCase{"a:", "its tag is empty"}, WrongCase{"a:-1", "'-' at character 3 cannot begin a tag"},
        WrongCase{"a:1+2", "'+' at character 4 cannot be in a tag"},
        WrongCase{"a:1:2", "':' at character 4 cannot be in a tag"},
        WrongCase{"a:" + std::string(129, 't'), "its tag has 129 characters, and 128 are allowed"},
        WrongCase{"a@", "its digest is empty"},
        WrongCase{"a@md5:0123", "'md5:0123' is not a sha256: digest, and others are not known"},
        WrongCase{"a@sha256:0123", "the digest 'sha256:0123' has 4 digits, not 64"},
        WrongCase{"a@sha256:" + std::string(64, 'A'), "has other digits than 0-9 and a-f"},
        WrongCase{kHex, "64 hexadecimal digits are an id"}, WrongCase{"https://r.io/a", "it is an address"},
        WrongCase{"r_x.io/a", "'_' at character 2 cannot be in the name of a registry"},
        WrongCase{"-r.io/a", "'-' at character 1 cannot begin a part of the name of a registry"},
        WrongCase{"r-.io/a", "'-' at character 2 cannot end a part of the name of a registry"},
        WrongCase{"r..io/a", "a part of its registry is empty, at character 3"},
        WrongCase{".io/a", "a part of its registry is empty, at character 1"},
        WrongCase{"r.io:port/a", "'port' is not a port"}, WrongCase{"r.io:65536/a", "'65536' is not a port"},
        WrongCase{"r.io:/a", "'' is not a port"}, WrongCase{"[::1/a", "'[::1' is not an IPv6 address in brackets"},
        WrongCase{"[]:1/a", "'[]' is not an IPv6 address in brackets"},
        WrongCase{"r.io/" + std::string(256, 'p'), "its path has 256 characters, and 255 are allowed"},
        // With the "library/" that is added it is too long.
        WrongCase{std::string(250, 'p'), "its path has 258 characters, and 255 are allowed"},
        WrongCase{std::string(256, 'r') + ".io/p", "its registry has 259 characters, and 255 are allowed"}));

TEST(Reference, GetsATagOnlyIfThereIsNothing) {
  EXPECT_EQ(with_default_tag(*parse_reference("a")).text(), "docker.io/library/a:latest");
  EXPECT_EQ(with_default_tag(*parse_reference("a:1")).text(), "docker.io/library/a:1");
  EXPECT_EQ(with_default_tag(*parse_reference("a@" + kDigest)).text(), "docker.io/library/a@" + kDigest);
}

TEST(DigestName, IsLongEnoughAndLowerCase) {
  EXPECT_TRUE(is_digest(kDigest));
  EXPECT_EQ(hex_of(kDigest), kHex);
  for (const std::string& wrong : {kHex, kDigest + "a", kDigest.substr(1), "sha512:" + kHex, std::string("sha256:"),
                                   "sha256:" + std::string(64, 'A'), "sha256:../" + std::string(61, 'a')}) {
    EXPECT_FALSE(is_digest(wrong)) << wrong;
    EXPECT_FALSE(check_digest(wrong)) << wrong;
  }
}

TEST(DigestName, BeginsWithAPrefix) {
  EXPECT_EQ(id_prefix("sha256:12ab"), "12ab");
  EXPECT_EQ(id_prefix("12ab"), "12ab");
  EXPECT_EQ(id_prefix(kDigest), kHex);
  for (const std::string& wrong :
       {std::string(), std::string("sha256:"), std::string("xyz"), std::string("12AB"), kHex + "a"}) {
    EXPECT_EQ(id_prefix(wrong), std::nullopt) << wrong;
  }
}

TEST(ImageSource, HasATransport) {
  const auto read = [](std::string_view text) { return parse_image_source(text).value(); };
  EXPECT_EQ(read("docker://busybox").text(), "docker://docker.io/library/busybox:latest");
  EXPECT_FALSE(read("docker://busybox").is_short) << "nothing is searched for";
  EXPECT_TRUE(read("busybox").is_short);
  EXPECT_EQ(read("docker:dind").text(), "docker://docker.io/library/docker:dind");
  EXPECT_EQ(read("oci:dir").path, "dir");
  EXPECT_EQ(read("oci:/a/b:x:1.0").name, "x:1.0");
  EXPECT_EQ(read("oci:/a/b:x:1.0").text(), "oci:/a/b:x:1.0");
  EXPECT_EQ(read("oci-archive:a.tar").transport, Transport::kOciArchive);
  EXPECT_EQ(read("docker-archive:a.tar:me/tool").reference.text(), "docker.io/me/tool:latest");
  EXPECT_EQ(read("dir:/a").transport, Transport::kDirectory);

  const auto words = [](std::string_view text) { return parse_image_source(text).error().text(); };
  EXPECT_EQ(words("oci:"), "'oci:': a path is missing");
  EXPECT_EQ(words("oci:a:"), "'oci:a:': the name behind the path is empty");
  EXPECT_EQ(words("dir:a:b"), "'dir:a:b': there is one image in a directory, and no name is needed: 'b'");
  EXPECT_THAT(words("docker-archive:a:B"), testing::HasSubstr("'B' at character 1"));
  EXPECT_EQ(words("docker-daemon:a:1"), "'docker-daemon:' is not something that caisson reads or writes");
  EXPECT_THAT(words("docker://"), testing::HasSubstr("empty"));
}

TEST(RunSource, IsAPathIfThatIsThere) {
  const std::set<std::string> files = {"rootfs", "busybox", "oci:x"};
  const auto exists = [&](const std::string& path) { return files.contains(path); };
  const auto kind = [&](std::string_view text) { return parse_run_source(text, exists).value().kind; };
  EXPECT_EQ(kind("-"), RunSourceKind::kStandardInput);
  EXPECT_EQ(parse_run_source("builtin:busybox", exists)->word, "busybox");
  EXPECT_EQ(kind("/none"), RunSourceKind::kPath);
  EXPECT_EQ(kind("./none"), RunSourceKind::kPath);
  EXPECT_EQ(kind("rootfs"), RunSourceKind::kPath);
  EXPECT_EQ(parse_run_source("rootfs:O", exists)->word, "rootfs:O");
  EXPECT_EQ(kind("rootfs:O"), RunSourceKind::kPath);
  EXPECT_EQ(kind("rootfs:o"), RunSourceKind::kImage);
  EXPECT_EQ(kind("alpine:O"), RunSourceKind::kImage);
  EXPECT_EQ(kind("busybox"), RunSourceKind::kPath);
  EXPECT_EQ(parse_run_source("busybox:1", exists)->image.reference.text(), "docker.io/library/busybox:1");
  EXPECT_EQ(parse_run_source("oci:x", exists)->image.path, "x") << "what looks like a transport is one";
  EXPECT_FALSE(parse_run_source("Alpine", exists));
}

}  // namespace
}  // namespace caisson::image
