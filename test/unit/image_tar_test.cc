#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/acl.h"
#include "image/entry_name.h"
#include "image/progress.h"
#include "image/quoted.h"
#include "image_archive.h"

namespace caisson::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

struct NumberCase {
  const char* name;
  std::string field;
  std::optional<std::int64_t> number;
};
void PrintTo(const NumberCase& row, std::ostream* out) { *out << row.name; }

class TarNumberTest : public testing::TestWithParam<NumberCase> {};
TEST_P(TarNumberTest, IsRead) { EXPECT_EQ(parse_tar_number(GetParam().field), GetParam().number); }

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    Fields, TarNumberTest,
    testing::Values(
        NumberCase{"Octal", "0000644", 0644}, NumberCase{"OctalAndNul", std::string("0000644\0", 8), 0644},
        NumberCase{"LeadingSpaces", "   644 ", 0644}, NumberCase{"SpaceThenNul", std::string("000644 \0", 8), 0644},
        NumberCase{"FullWidth", "777777777777", 077777777777LL * 8 + 7}, NumberCase{"Blank", "        ", 0},
        NumberCase{"Nuls", std::string(8, '\0'), 0}, NumberCase{"Decimal", "0000089", std::nullopt},
        NumberCase{"Minus", "-000001", std::nullopt},
        NumberCase{"GarbageAfterNul", std::string("644\0x\0\0\0", 8), std::nullopt},
        NumberCase{"Base256", bytes({0x80, 0, 0, 0, 0, 0, 1, 0}), 256},
        NumberCase{"Base256Negative", bytes({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}), -2},
        NumberCase{"Base256Largest", bytes({0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), INT64_MAX},
        NumberCase{"Base256TooLarge", bytes({0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0}), std::nullopt},
        NumberCase{"Base256FarTooLarge", bytes({0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}), std::nullopt},
        NumberCase{"Base256TooSmall", bytes({0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0}), std::nullopt}),
    [](const auto& row) { return row.param.name; });

struct Read {
  std::vector<TarEntry> entries;
  std::vector<std::string> contents;  // of each, with its holes
  std::string error;
};

Read read(const std::string& archive, std::size_t piece = 1 << 20) {
  Pieces pieces(archive, piece);
  TarReader reader(pieces);
  Read read;
  for (;;) {
    Result<std::optional<TarEntry>> next = reader.next();
    if (!next) {
      read.error = next.error().text();
      return read;
    }
    if (!*next) return read;
    std::string content;
    for (;;) {
      const Result<Piece> data = reader.data();
      if (!data) {
        read.error = data.error().text();
        return read;
      }
      if (data->bytes.empty()) break;
      content.resize(static_cast<std::size_t>(data->offset), '.');
      content += data->bytes;
    }
    if ((*next)->sparse) content.resize(static_cast<std::size_t>((*next)->size), '.');
    read.entries.push_back(std::move(**next));
    read.contents.push_back(std::move(content));
  }
}

TarEntry only(const std::string& archive) {
  Read result = read(archive);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.entries.size(), 1U);
  return result.entries.empty() ? TarEntry() : result.entries.front();
}

class PieceSizeTest : public testing::TestWithParam<std::size_t> {};
TEST_P(PieceSizeTest, DoesNotMatter) {
  const std::string large(3000, 'l');
  const Read result = read(directory("d/") + file("d/f", "hello") + file("large", large) + file("empty", "") +
                               pax(pax_record("path", "new")) + file("old", std::string(512, 'b')) + end(),
                           GetParam());
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.contents, ElementsAre("", "hello", large, "", std::string(512, 'b')));
  EXPECT_EQ(result.entries.at(4).name, "new");
}
INSTANTIATE_TEST_SUITE_P(Sizes, PieceSizeTest, testing::Values(1, 7, 511, 512, 513, 1000, 4096));

TEST(TarReader, ReadsTheFieldsOfAHeader) {
  const TarEntry read = only(entry({.name = "c",
                                    .type = '3',
                                    .mode = 04755,
                                    .raw = {{108, "0001750"}, {116, "0000062"}, {329, "0000005"}, {337, "0000001"}}}));
  EXPECT_EQ(read.kind, EntryKind::kCharacterDevice);
  EXPECT_EQ(read.mode, 04755U);
  EXPECT_EQ(read.uid, 1000U);
  EXPECT_EQ(read.gid, 50U);
  EXPECT_EQ(read.device_major, 5U);
  EXPECT_EQ(read.device_minor, 1U);
  EXPECT_EQ(read.mtime.tv_sec, 1'000'000'000);
}

TEST(TarReader, PutsThePrefixBeforeAUstarNameOnly) {
  EXPECT_EQ(only(entry({.name = "name", .prefix = "a/b"})).name, "a/b/name");
  EXPECT_EQ(only(entry({.name = std::string(100, 'n'), .prefix = std::string(155, 'p')})).name,
            std::string(155, 'p') + "/" + std::string(100, 'n'));
  EXPECT_EQ(only(entry({.name = "name", .magic = "ustar  ", .prefix = "1234"})).name, "name")
      << "GNU keeps times there";
  EXPECT_EQ(only(entry({.name = "name", .magic = "", .prefix = "a/b"})).name, "name");
}

TEST(TarReader, TakesDirectoriesOfOldArchives) {
  EXPECT_EQ(only(entry({.name = "d/", .type = '\0', .magic = ""})).kind, EntryKind::kDirectory);
  EXPECT_EQ(only(entry({.name = "d", .type = '\0', .magic = ""})).kind, EntryKind::kFile);
}

TEST(TarReader, AcceptsAChecksumOfSignedBytes) {
  std::string block = block_of({.name = "\xe9t\xe9"});
  int sum = 0;
  for (std::size_t i = 0; i < block.size(); ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<signed char>(block[i]);
  block.replace(148, 6, fmt::format("{:06o}", sum));
  EXPECT_EQ(only(block).name, "\xe9t\xe9");
}

TEST(TarReader, ReadsGnuLongNames) {
  const std::string name(300, 'n');
  const std::string target(200, 't');
  const TarEntry read =
      only(entry({.name = "././@LongLink", .type = 'L'}, name + '\0') +
           entry({.name = "././@LongLink", .type = 'K'}, target + '\0') + symbolic_link("cut", "cut"));
  EXPECT_EQ(read.name, name);
  EXPECT_EQ(read.link_target, target);
}

TEST(TarReader, ReadsPaxRecords) {
  const TarEntry read =
      only(pax(pax_record("path", "päth\nwith newline") + pax_record("linkpath", "target") +
               pax_record("uid", "3000000000") + pax_record("gid", "12") + pax_record("mtime", "-1.5") +
               pax_record("comment", "x=y") + pax_record("SCHILY.xattr.user.a", std::string("a\0=\n", 4)) +
               pax_record("LIBARCHIVE.xattr.user.b%3D%20", "aGVsbG8") + pax_record("SCHILY.acl.access", "user::rw-")) +
           symbolic_link("p", "t"));
  EXPECT_EQ(read.name, "päth\nwith newline");
  EXPECT_EQ(read.link_target, "target");
  EXPECT_EQ(read.uid, 3000000000U);
  EXPECT_EQ(read.gid, 12U);
  EXPECT_EQ(read.mtime.tv_sec, -2);
  EXPECT_EQ(read.mtime.tv_nsec, 500'000'000);
  EXPECT_THAT(read.attributes, ElementsAre(Pair("user.a", std::string("a\0=\n", 4)), Pair("user.b= ", "hello")));
  EXPECT_EQ(read.access_acl, "user::rw-");
}

TEST(TarReader, LetsTheSizeOfAPaxRecordDecide) {
  const Read result =
      read(pax(pax_record("size", "3")) + block_of({.name = "f", .size = 0}) + padded("abc") + file("g", "d"));
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.contents, ElementsAre("abc", "d"));
}

TEST(TarReader, TakesOnlyWhatIsSaneFromAGlobalHeader) {
  const Read result = read(pax(pax_record("path", "all") + pax_record("size", "9") + pax_record("uid", "7") +
                                   pax_record("comment", "deadbeef"),
                               'g') +
                           file("a") + pax(pax_record("uid", "8")) + file("b"));
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.entries.at(0).name, "a");
  EXPECT_EQ(result.entries.at(0).uid, 7U);
  EXPECT_EQ(result.entries.at(1).uid, 8U);
}

TEST(TarReader, TakesNoDataForWhatHasNone) {
  const Read result = read(entry({.name = "h", .type = '1', .link_target = "x", .size = 700}) +
                           entry({.name = "d", .type = '5', .size = 512}) + file("f", "next"));
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.contents, ElementsAre("", "", "next"));
}

std::string old_pair(int offset, int length) { return fmt::format("{:011o}{}{:011o}{}", offset, '\0', length, '\0'); }
std::string sparse_fields(const std::string& pairs, const std::string& real_size) {
  return entry({.name = "s", .type = 'S', .magic = "ustar  ", .raw = {{386, pairs}, {483, real_size}}}, "abcdefg");
}

TEST(TarReader, HasNoDataForADirectoryAfterASparseFile) {
  const Read result = read(sparse_fields(old_pair(4, 3) + old_pair(12, 4), "00000000024") + directory("d"));
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.contents.at(1), "");
}

TEST(TarReader, StopsAtTheFirstZeroBlock) {
  EXPECT_EQ(read(file("a") + std::string(512, '\0') + "garbage").entries.size(), 1U);
  EXPECT_EQ(read(file("a")).error, "") << "some archives have no end";
  EXPECT_EQ(read(end()).error, "") << "an archive may have no entries";
}

// The same file of 20 bytes, "....abc.....defg....", in each of GNU tar's formats.
const std::string kMap10 = padded("2\n4\n3\n12\n4\n");
TEST(TarReader, ReadsSparseFiles) {
  const std::vector<std::pair<std::string, std::string>> archives = {
      {"old", sparse_fields(old_pair(4, 3) + old_pair(12, 4), "00000000024")},
      {"0.0", pax(pax_record("GNU.sparse.size", "20") + pax_record("GNU.sparse.numblocks", "2") +
                  pax_record("GNU.sparse.offset", "4") + pax_record("GNU.sparse.numbytes", "3") +
                  pax_record("GNU.sparse.offset", "12") + pax_record("GNU.sparse.numbytes", "4")) +
                  file("s", "abcdefg")},
      {"0.1", pax(pax_record("GNU.sparse.size", "20") + pax_record("GNU.sparse.numblocks", "2") +
                  pax_record("GNU.sparse.map", "4,3,12,4") + pax_record("GNU.sparse.name", "s")) +
                  file("GNUSparseFile.1/s", "abcdefg")},
      {"1.0", pax(pax_record("GNU.sparse.major", "1") + pax_record("GNU.sparse.minor", "0") +
                  pax_record("GNU.sparse.name", "s") + pax_record("GNU.sparse.realsize", "20")) +
                  file("GNUSparseFile.1/s", kMap10 + "abcdefg")},
  };
  for (const auto& [format, archive] : archives) {
    for (const std::size_t piece : {1U, 513U, 4096U}) {
      const Read result = read(archive + file("after", "z"), piece);
      EXPECT_EQ(result.error, "") << format;
      EXPECT_THAT(result.contents, ElementsAre("....abc.....defg....", "z")) << format;
      EXPECT_EQ(result.entries.at(0).name, "s") << format;
    }
  }
}

TEST(TarReader, ReadsALongSparseMapOfTheOldFormat) {
  std::string in_header;
  for (int i = 0; i < 4; ++i) in_header += old_pair(2 * i, 1);
  std::string extension;
  for (int i = 4; i < 7; ++i) extension += old_pair(2 * i, 1);
  std::string archive = block_of({.name = "s",
                                  .type = 'S',
                                  .size = 7,
                                  .magic = "ustar  ",
                                  .raw = {{386, in_header}, {482, "\1"}, {483, "00000000016"}}}) +
                        padded(extension) + padded("abcdefg");
  const Read result = read(archive);
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.contents, ElementsAre("a.b.c.d.e.f.g."));
}

struct BadCase {
  const char* name;
  std::string archive;
  const char* complaint;
};
void PrintTo(const BadCase& row, std::ostream* out) { *out << row.name; }
class BadArchiveTest : public testing::TestWithParam<BadCase> {};
TEST_P(BadArchiveTest, IsRefused) {
  const BadCase& row = GetParam();
  for (const std::size_t piece : {1U, 4096U}) EXPECT_THAT(read(row.archive, piece).error, HasSubstr(row.complaint));
}

std::string sparse_10(const std::string& map, const std::string& real_size) {
  return pax(pax_record("GNU.sparse.major", "1") + pax_record("GNU.sparse.minor", "0") +
             pax_record("GNU.sparse.realsize", real_size)) +
         file("s", padded(map) + "abcdefg");
}

std::string ones(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "1\n";
  return text;
}

const auto kBad = testing::Values(
    BadCase{"Empty", "", "the archive is empty"}, BadCase{"Garbage", std::string(2048, 'g'), "not a tar archive"},
    BadCase{"Short", "hello", "breaks off"},
    BadCase{"GarbageAfterAnEntry", file("a") + std::string(512, 'g'), "at byte 1024"},
    BadCase{"InTheHeader", file("a").substr(0, 300), "breaks off"},
    BadCase{"InTheData", file("a").substr(0, 512), "breaks off"},
    BadCase{"InThePadding", file("a").substr(0, 600), "breaks off"},
    BadCase{"AfterAnExtension", pax(pax_record("path", "a")), "breaks off"},
    BadCase{"EndAfterAnExtension", pax(pax_record("path", "a")) + end(), "breaks off"},
    BadCase{"HugeSize", block_of({.name = "h", .raw = {{124, bytes({0x80, 0, 0, 0, 0x7f, 0, 0, 0, 0, 0, 0, 0})}}}),
            "breaks off"},
    BadCase{"LargestSize",
            block_of({.name = "h", .raw = {{124, bytes({0x80, 0, 0, 0, 0x7f, 255, 255, 255, 255, 255, 255, 255})}}}),
            "out of range"},
    BadCase{"NegativeSize", block_of({.name = "n", .raw = {{124, std::string(12, '\xff')}}}), "negative"},
    BadCase{"SizeIsNoNumber", block_of({.name = "n", .raw = {{124, "12x"}}}), "size is not a number"},
    BadCase{"NegativeUid", block_of({.name = "n", .raw = {{108, std::string(8, '\xff')}}}), "uid -1 is out of range"},
    BadCase{"UidThatMeansNone", pax(pax_record("uid", "4294967295")) + file("a"), "out of range"},
    BadCase{"NegativeDevice", block_of({.name = "n", .type = '3', .raw = {{329, std::string(8, '\xff')}}}),
            "out of range"},
    BadCase{"HugeLongName", block_of({.name = "l", .type = 'L', .size = 077777777777}), "extension header"},
    BadCase{"HugePax", block_of({.name = "x", .type = 'x', .size = 077777777777}), "extension header"},
    BadCase{"NulInLongName", entry({.name = "l", .type = 'L'}, std::string("a\0b\0", 4)) + file("a"), "NUL"},
    BadCase{"NulInPaxPath", pax(pax_record("path", std::string("a\0b", 3))) + file("a"), "NUL"},
    BadCase{"NulInAttributeName", pax(pax_record(std::string("SCHILY.xattr.a\0", 15), "v")) + file("a"), "NUL"},
    BadCase{"PaxLengthTooLong", pax("99 path=a\n") + file("a"), "malformed"},
    BadCase{"PaxLengthTooShort", pax("2 path=a\n") + file("a"), "malformed"},
    BadCase{"PaxWithoutNewline", pax("9 path=ab\n") + file("a"), "malformed"},
    BadCase{"PaxLengthZero", pax("0 path=a\n") + file("a"), "malformed"},
    BadCase{"PaxWithoutLength", pax("path=a\n") + file("a"), "malformed"},
    BadCase{"PaxWithoutEquals", pax("8 path\n\n") + file("a"), "no '='"},
    BadCase{"PaxSizeNegative", pax(pax_record("size", "-1")) + file("a"), "size is not a whole number"},
    BadCase{"PaxTimeIsNone", pax(pax_record("mtime", "1.5.")) + file("a"), "not a time"},
    BadCase{"Base64IsNone", pax(pax_record("LIBARCHIVE.xattr.a", "!")) + file("a"), "decoded"},
    BadCase{"PercentIsNone", pax(pax_record("LIBARCHIVE.xattr.a%", "")) + file("a"), "decoded"},
    BadCase{"UnknownType", entry({.name = "u", .type = 'Q'}), "'u': the entry is of the unknown type 'Q'"},
    BadCase{"MultiVolume", entry({.name = "m", .type = 'M'}), "multi-volume"},
    BadCase{"DirectoryWithData", entry({.name = "d/", .type = '0'}, "x"), "a directory's name"},
    BadCase{"SparseDescending", sparse_10("2\n12\n4\n4\n3\n", "20"), "not ascending"},
    BadCase{"SparseOverlapping", sparse_10("2\n4\n3\n6\n4\n", "20"), "not ascending"},
    BadCase{"SparseBeyondItsSize", sparse_10("2\n4\n3\n12\n4\n", "15"), "beyond its size"},
    BadCase{"SparseDataMissing", sparse_10("2\n4\n3\n12\n5\n", "20"), "does not fit"},
    BadCase{"SparseHuge", sparse_10("1\n999999999999999999\n7\n", "20"), "beyond its size"},
    BadCase{"SparseMapTooLong", sparse_10("999999999999\n", "20"), "too long"},
    BadCase{"SparseMapIsNone", sparse_10("x\n", "20"), "not a number"},
    BadCase{"SparseMapLongerThanTheData", sparse_10("300\n1\n", "20"), "not a number"},
    BadCase{
        "SparseMapCutOffByItsData",
        pax(pax_record("GNU.sparse.major", "1") + pax_record("GNU.sparse.minor", "0")) + file("s", "300\n" + ones(254)),
        "longer than its data"},
    BadCase{"SparseWithoutSize", pax(pax_record("GNU.sparse.map", "4,7")) + file("s", "abcdefg"), "no size"},
    BadCase{"SparseOddMap", pax(pax_record("GNU.sparse.map", "4,3,2")) + file("s"), "odd number"},
    BadCase{"SparseBytesFirst", pax(pax_record("GNU.sparse.numbytes", "4")) + file("s"), "before any"},
    BadCase{"SparseFromTheFuture", pax(pax_record("GNU.sparse.major", "2")) + file("s"), "not known"},
    BadCase{"OldSparseNegative", sparse_fields(std::string(12, '\xff') + "00000000003", "00000000024"),
            "not ascending"});
INSTANTIATE_TEST_SUITE_P(Archives, BadArchiveTest, kBad, [](const auto& row) { return row.param.name; });

// Whatever byte an archive breaks off at, it is an error or the end of an entry, and nothing is read beyond it.
TEST(TarReader, SurvivesEveryTruncation) {
  const std::string archive = directory("d") + pax(pax_record("path", "d/f")) + file("f", std::string(600, 'f')) +
                              sparse_10("2\n4\n3\n12\n4\n", "20");
  for (std::size_t length = 1; length < archive.size(); ++length) {
    const Read result = read(archive.substr(0, length), 100);
    EXPECT_TRUE(result.error.find("breaks off") != std::string::npos || length % 512 == 0) << length;
  }
}

struct NameCase {
  const char* name;
  const char* normal;  // or null if it is refused
};
class NameTest : public testing::TestWithParam<NameCase> {};
TEST_P(NameTest, IsNormal) {
  const Result<std::string> name = normal_name(GetParam().name);
  EXPECT_EQ(name ? *name : "refused", GetParam().normal != nullptr ? GetParam().normal : "refused");
}
INSTANTIATE_TEST_SUITE_P(Names, NameTest,
                         testing::Values(NameCase{"a/b", "a/b"}, NameCase{"/a/b/", "a/b"},
                                         NameCase{"./a//./b/.", "a/b"}, NameCase{".", ""}, NameCase{"/", ""},
                                         NameCase{"", nullptr}, NameCase{"..", nullptr}, NameCase{"a/../b", nullptr},
                                         NameCase{"a/..", nullptr}, NameCase{"...", "..."},
                                         NameCase{"..a/b..", "..a/b.."}));

TEST(Names, OfMoreThanPathMaxAreRefused) {
  std::string name;
  while (name.size() < 4095) name += "a/";
  EXPECT_TRUE(normal_name(name.substr(0, 4095)));
  EXPECT_FALSE(normal_name(name + "bb"));
  EXPECT_FALSE(normal_name(std::string_view("a\0b", 3)));
}

TEST(Names, AreShownInQuotes) {
  EXPECT_EQ(quoted_name("é x"), "'é x'");
  EXPECT_EQ(quoted_name("a\n\x1b[31m'"), "'a\\012\\033[31m\\047'");
  EXPECT_EQ(quoted_name(std::string(300, 'a')), "'" + std::string(200, 'a') + "…'");
}

TEST(Acl, BecomesTheKernelsAttribute) {
  const std::string expected(
      "\2\0\0\0"
      "\1\0\6\0\xff\xff\xff\xff"
      "\2\0\4\0\xe8\3\0\0"
      "\4\0\4\0\xff\xff\xff\xff"
      "\x10\0\7\0\xff\xff\xff\xff"
      "\x20\0\0\0\xff\xff\xff\xff",
      44);
  EXPECT_EQ(acl_attribute("user::rw-,user:1000:r--,group::r--,mask::rwx,other::---"), expected);
  EXPECT_EQ(acl_text(expected), "user::rw-\nuser:1000:r--\ngroup::r--\nmask::rwx\nother::---\n");
  EXPECT_EQ(acl_attribute(*acl_text(expected)), expected);
  for (const std::string& bad : {std::string(), expected.substr(1), std::string(12, '\0')}) {
    EXPECT_EQ(acl_text(bad), std::nullopt);
  }
  EXPECT_EQ(acl_attribute("user::rw-\ngroup::r--\t#effective:r--\nuser:joe:r--:1000\nmask::rwx\nother::---\n"),
            expected);
  for (const char* bad : {"", "user::rwz", "user:joe:rw-", "mask:1:rwx", "user", "else::rwx", "user:4294967295:r--"}) {
    EXPECT_EQ(acl_attribute(bad), std::nullopt) << bad;
  }
}

TEST(Progress, FitsTheTerminal) {
  EXPECT_EQ(progress_line("unpacking x", 30 << 20, 60 << 20, 80),
            "unpacking x  [##########..........]  50 %  30 MiB of 60 MiB");
  EXPECT_EQ(progress_line("unpacking x", 30 << 20, 0, 80), "unpacking x  30 MiB");
  EXPECT_EQ(progress_line("unpacking x", 1, 2, 20).size(), 19U);
}

}  // namespace
}  // namespace caisson::image
