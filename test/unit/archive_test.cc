// Archives of images: what is written, and what is found in them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "archive/layout_lines.h"
#include "archive/member_index.h"
#include "archive/tar_writer.h"
#include "image/media_type.h"
#include "image/oci_types.h"
#include "image_archive.h"
#include "kernel/files.h"

namespace caisson::archive {
namespace {

using image::EntryKind;
using image::TarEntry;
using testing::ElementsAre;
using testing::HasSubstr;

class Text : public ByteSink {
 public:
  Result<> write(std::string_view bytes) override {
    text += bytes;
    return {};
  }
  std::string text;
};

// An entry as it is once it has been written and read again.
TarEntry again(const TarEntry& entry, const std::string& content = "") {
  Text out;
  TarWriter writer(out);
  EXPECT_TRUE(writer.begin(entry));
  EXPECT_TRUE(writer.write(content));
  EXPECT_TRUE(writer.end());
  EXPECT_TRUE(writer.finish());
  EXPECT_EQ(out.text.size() % image::kTarBlock, 0U);
  image::Pieces pieces(out.text);
  image::TarReader reader(pieces);
  const auto read = reader.next();
  EXPECT_TRUE(read && *read) << (read ? "" : read.error().text());
  return read && *read ? **read : TarEntry();
}

void expect_same(const TarEntry& entry, const TarEntry& read) {
  EXPECT_EQ(read.kind, entry.kind);
  EXPECT_EQ(read.name, entry.name);
  EXPECT_EQ(read.link_target, entry.link_target);
  EXPECT_EQ(read.mode, entry.mode);
  EXPECT_EQ(read.uid, entry.uid);
  EXPECT_EQ(read.gid, entry.gid);
  EXPECT_EQ(read.mtime.tv_sec, entry.mtime.tv_sec);
  EXPECT_EQ(read.size, entry.size);
  EXPECT_EQ(read.device_major, entry.device_major);
  EXPECT_EQ(read.device_minor, entry.device_minor);
  EXPECT_EQ(read.attributes, entry.attributes);
  EXPECT_EQ(read.access_acl, entry.access_acl);
  EXPECT_EQ(read.default_acl, entry.default_acl);
}

TEST(TarWriter, WritesWhatIsReadAgain) {
  TarEntry entry = plain_entry(EntryKind::kFile, "d/file", 5);
  entry.mode = 04755;
  entry.uid = 1000;
  entry.gid = 2000;
  entry.mtime.tv_sec = 1'000'000'000;
  expect_same(entry, again(entry, "12345"));
  TarEntry device = plain_entry(EntryKind::kCharacterDevice, "null");
  device.device_major = 1;
  device.device_minor = 1048575;
  expect_same(device, again(device));
  expect_same(plain_entry(EntryKind::kDirectory, "d/"), again(plain_entry(EntryKind::kDirectory, "d")));
}

TEST(TarWriter, SaysInRecordsWhatDoesNotFit) {
  TarEntry entry = plain_entry(EntryKind::kFile, "f");
  entry.uid = 4294967294;
  entry.gid = 2097152;
  entry.mtime.tv_sec = -5;
  entry.attributes = {{"user.empty", ""}, {"user.text", "a\nb=c"}};
  entry.access_acl = "user::rw-\ngroup::r--\n";
  expect_same(entry, again(entry));
  entry.mtime.tv_sec = 077777777777LL + 1;
  expect_same(entry, again(entry));
  TarEntry link = plain_entry(EntryKind::kSymbolicLink, "l");
  link.link_target = std::string(101, 't');
  expect_same(link, again(link));
}

TEST(TarWriter, CutsNamesWhereItCan) {
  for (const std::size_t directory : {1U, 54U, 99U, 100U, 154U, 155U, 156U, 300U}) {
    for (const std::size_t base : {1U, 99U, 100U, 101U, 200U}) {
      const std::string name = std::string(directory, 'd') + "/" + std::string(base, 'b');
      EXPECT_EQ(again(plain_entry(EntryKind::kFile, name)).name, name);
      EXPECT_EQ(again(plain_entry(EntryKind::kDirectory, name)).name, name + "/");
    }
  }
}

TEST(TarWriter, CutsNoNameWhereItsFirstPartIsTooLong) {
  const std::string name = "a/" + std::string(200, 'd') + "/" + std::string(50, 'b');
  EXPECT_EQ(again(plain_entry(EntryKind::kFile, name)).name, name);
  // Nor has a directory a header with its slash alone, which is no name.
  Text out;
  ASSERT_TRUE(TarWriter(out).begin(plain_entry(EntryKind::kDirectory, std::string(120, 'd'))));
  EXPECT_EQ(out.text[156], 'x');
}

TEST(TarWriter, LetsNoFileHaveAnotherSizeThanItSays) {
  Text out;
  TarWriter writer(out);
  ASSERT_TRUE(writer.begin(plain_entry(EntryKind::kFile, "f", 2)));
  EXPECT_FALSE(writer.end());
  EXPECT_TRUE(writer.write("12"));
  EXPECT_TRUE(writer.end());
  EXPECT_FALSE(writer.write("3"));
}

TEST(TarWriter, HasLargeSizesInOneBlockToo) {
  for (const std::int64_t size :
       {std::int64_t{0}, std::int64_t{077777777777}, std::int64_t{0100000000000}, INT64_MAX}) {
    const auto header = image::parse_tar_header(single_header(plain_entry(EntryKind::kFile, "layer.tar", size)));
    ASSERT_TRUE(header) << header.error().text();
    EXPECT_EQ(header->size, size);
    EXPECT_EQ(header->name, "layer.tar");
  }
}

struct LinkCase {
  const char* name;
  const char* target;
  std::optional<std::string> leads_to;
};
TEST(LinkedName, StaysInTheArchive) {
  for (const LinkCase& row : {LinkCase{"a/layer.tar", "../b/layer.tar", "b/layer.tar"}, LinkCase{"a", "b", "b"},
                              LinkCase{"a/b/c", "./../../d", "d"}, LinkCase{"a", "../b", std::nullopt},
                              LinkCase{"a/b", "../../c", std::nullopt}, LinkCase{"a", "/etc/passwd", std::nullopt},
                              LinkCase{"a/b", "..", std::nullopt}, LinkCase{"a/b", "x/../../../y", std::nullopt}}) {
    EXPECT_EQ(linked_name(row.name, row.target), row.leads_to) << row.name << " -> " << row.target;
  }
}

std::shared_ptr<const Fd> in_memory(const std::string& content) {
  auto file = std::make_shared<const Fd>(::memfd_create("archive", MFD_CLOEXEC));
  EXPECT_TRUE(kernel::write_all(file->get(), content, "archive"));
  return file;
}

Result<std::string> content_of(const std::string& archive, const std::string& name) {
  const auto file = in_memory(archive);
  MemberIndex index = TRY(read_member_index(file->get(), static_cast<std::int64_t>(archive.size())));
  return read_whole(MemberFiles(file, std::move(index)), name, 1 << 20);
}

TEST(MemberIndex, FindsEachFileWhereItLies) {
  const std::string large(100'000, 'l');  // further than is read at once
  const std::string archive = image::directory("d") + image::file("d/first", "one") + image::file("./large", large) +
                              image::file("/last", "three") + image::file("empty", "") + image::end();
  EXPECT_EQ(content_of(archive, "d/first"), "one");
  EXPECT_EQ(content_of(archive, "large"), large);
  EXPECT_EQ(content_of(archive, "last"), "three");
  EXPECT_EQ(content_of(archive, "empty"), "");
  EXPECT_THAT(content_of(archive, "no").error().text(), HasSubstr("'no' is missing"));
}

struct Refused {
  const char* why;
  std::string archive;
};
TEST(MemberIndex, RefusesWhatCanBeReadAsTwoThings) {
  using namespace image;
  for (const Refused& row :
       {Refused{"is there twice", file("f", "1") + file("./f", "2")},
        Refused{"is there twice", file("f", "1") + symbolic_link("f", "g") + file("g")},
        Refused{"is a hard link", file("g") + hard_link("f", "g")}, Refused{"is a device", device("f", 1, 3)},
        Refused{"is a link to a link", symbolic_link("f", "g") + symbolic_link("g", "h") + file("h")},
        Refused{"a link to 'g', which is missing", symbolic_link("f", "g")},
        Refused{"a link that leads out", symbolic_link("f", "../g") + file("g")},
        Refused{"the archive breaks off", file("f", std::string(600, 'f')).substr(0, 1000)},
        Refused{"..", file("f") + file("../f")}}) {
    const Result<std::string> read = content_of(row.archive, "f");
    ASSERT_FALSE(read) << row.why;
    EXPECT_THAT(read.error().text(), HasSubstr(row.why));
  }
  EXPECT_EQ(content_of(symbolic_link("f", "g") + file("g", "linked"), "f"), "linked");
}

TEST(LayoutLines, KeepWhatOthersHaveWritten) {
  auto index = read_index_lines(R"({"schemaVersion":2,"other":1,"manifests":[{"odd":true},
      {"digest":"sha256:a","annotations":{"org.opencontainers.image.ref.name":"a"}},{"digest":"sha256:b"}]})");
  ASSERT_TRUE(index);
  const image::Descriptor added{.media_type = "t/t", .digest = "sha256:b", .size = 1};
  add_line(*index, added, "a");
  add_line(*index, added, "");
  std::vector<std::string> lines;
  for (const image::Json& line : (*index)["manifests"]) lines.push_back(image::document_text(line));
  EXPECT_THAT(
      lines,
      ElementsAre(
          R"({"odd":true})",
          R"({"annotations":{"org.opencontainers.image.ref.name":"a"},"digest":"sha256:b","mediaType":"t/t","size":1})",
          R"({"digest":"sha256:b","mediaType":"t/t","size":1})"));
  EXPECT_EQ((*index)["other"], 1);
  for (const char* none : {"", "[]", "{\"manifests\":1}", "{\"manifests\":[],\"manifests\":[]}"}) {
    EXPECT_FALSE(read_index_lines(none)) << none;
  }
}

TEST(OciTypes, SayTheSameInOtherWords) {
  using namespace image::media_type;
  const image::Manifest docker{.media_type = std::string(kDockerManifest),
                               .config = {.media_type = std::string(kDockerConfig), .digest = "sha256:c"},
                               .layers = {{.media_type = std::string(kDockerLayerGzip), .digest = "sha256:l"}}};
  const image::Manifest oci = in_oci_types(docker);
  EXPECT_EQ(oci.media_type, kOciManifest);
  EXPECT_EQ(oci.config.media_type, kOciConfig);
  EXPECT_EQ(oci.layers[0].media_type, kOciLayerGzip);
  EXPECT_EQ(oci.layers[0].digest, "sha256:l");
  EXPECT_EQ(in_oci_types(oci), oci);
  const image::Index index{
      .media_type = std::string(kDockerIndex),
      .manifests = {{.media_type = std::string(kDockerManifest), .digest = "sha256:m", .size = 1},
                    {.media_type = std::string(kDockerManifest), .digest = "sha256:n", .size = 2}}};
  const image::Index converted =
      in_oci_types(index, {{"sha256:m", {.media_type = std::string(kOciManifest), .digest = "sha256:o", .size = 3}}});
  EXPECT_EQ(converted.media_type, kOciIndex);
  EXPECT_EQ(converted.manifests[0].digest, "sha256:o");
  EXPECT_EQ(converted.manifests[0].size, 3);
  EXPECT_EQ(converted.manifests[1], index.manifests[1]);
}

}  // namespace
}  // namespace caisson::archive
