#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include <bzlib.h>
#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <lzma.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "image/compress.h"
#include "image/decompress.h"
#include "image/digest.h"
#include "image/extract.h"
#include "image/gzip_file.h"
#include "image/layer_store.h"
#include "image/layers.h"
#include "image/unpack.h"
#include "image_archive.h"
#include "kernel/files.h"
#include "temporary_directory.h"

namespace caisson::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

/// A directory with two in it: "root", to unpack into, and "outside", which has to stay as it is.
class ExtractTest : public testing::Test {
 protected:
  ExtractTest() {
    ::umask(0);
    std::string path = testing::TempDir() + "unpack.XXXXXX";
    top_ = ::mkdtemp(path.data());
    fs::create_directories(top_ + "/root");
    fs::create_directories(top_ + "/outside/directory");
    std::ofstream(top_ + "/outside/file") << "untouched";
    before_ = outside();
  }
  ~ExtractTest() override {
    EXPECT_EQ(outside(), before_) << "something outside the root was touched";
    const Fd parent(::open(top_.substr(0, top_.rfind('/')).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const Result<> removed = kernel::remove_tree_at(parent.get(), top_.substr(top_.rfind('/') + 1));
    EXPECT_TRUE(removed) << removed.error().text();
    EXPECT_FALSE(fs::exists(top_));
  }

  // Everything outside, with what of it could be changed.
  std::string outside() const {
    std::string text;
    for (const char* name : {"", "/outside", "/outside/directory", "/outside/file"}) {
      struct stat status{};
      EXPECT_EQ(::lstat((top_ + name).c_str(), &status), 0) << name;
      const bool top = *name == '\0';
      text += fmt::format("{} {:o} {} {} {}.{}\n", name, status.st_mode, status.st_nlink, top ? 0 : status.st_size,
                          top ? 0 : status.st_mtim.tv_sec, top ? 0 : status.st_mtim.tv_nsec);
    }
    std::vector<std::string> names;
    for (const auto& found : fs::recursive_directory_iterator(top_ + "/outside")) names.push_back(found.path());
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) text += name + "\n";
    return text + read(top_ + "/outside/file");
  }

  static std::string read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string in_root(const std::string& name) const { return read(top_ + "/root/" + name); }
  std::string link(const std::string& name) const { return fs::read_symlink(top_ + "/root/" + name); }
  struct stat status(const std::string& name) const {
    struct stat status{};
    EXPECT_EQ(::lstat((top_ + "/root/" + name).c_str(), &status), 0) << name;
    return status;
  }

  // Unpacks as an ordinary user does and gives the error's text, or "".
  std::string unpack(const std::string& archive) {
    Pieces pieces(archive);
    TarReader reader(pieces);
    Extractor extractor(Fd(::open((top_ + "/root").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), Privilege::kUser);
    for (;;) {
      const Result<std::optional<TarEntry>> next = reader.next();
      if (!next) return next.error().text();
      if (!*next) break;
      if (const Result<> applied = extractor.apply(**next, reader); !applied) return applied.error().text();
    }
    const Result<> finished = extractor.finish();
    notes_ = extractor.notes();
    return finished ? "" : finished.error().text();
  }

  std::string top_;
  std::string before_;
  std::vector<std::string> notes_;
};

struct HostileCase {
  const char* name;
  std::string archive;
  const char* complaint;  // "" if the archive is unpacked
};
void PrintTo(const HostileCase& row, std::ostream* out) { *out << row.name; }

class HostileTest : public ExtractTest, public testing::WithParamInterface<HostileCase> {};
TEST_P(HostileTest, TouchesNothingOutside) {
  // The archives name the place outside as a program that follows links would see it.
  std::string archive = GetParam().archive;
  const std::string error = unpack(archive);
  if (*GetParam().complaint == '\0') {
    EXPECT_EQ(error, "");
  } else {
    EXPECT_THAT(error, HasSubstr(GetParam().complaint));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Archives, HostileTest,
    testing::Values(
        HostileCase{"DotDot", file("../outside/file", "hit"), "'../outside/file': the name has a '..'"},
        HostileCase{"DotDotInside", file("a/../../outside/file", "hit"), "'..'"},
        HostileCase{"DotDotDirectory", directory("../outside/new"), "'..'"},
        HostileCase{"DotDotAtTheEnd", directory("a/.."), "'..'"},
        HostileCase{"DotDotHardLink", hard_link("h", "../outside/file"),
                    "target of the hard link: the name has a '..'"},
        HostileCase{"FileThroughRelativeLink", symbolic_link("l", "../outside") + file("l/file", "hit"),
                    "leads nowhere"},
        HostileCase{"FileThroughLinkUp", symbolic_link("l", "..") + file("l/outside/file", "hit"), ""},
        HostileCase{"FileOntoLink", symbolic_link("l", "../outside/file") + file("l", "hit"), ""},
        HostileCase{"DirectoryOntoLink", symbolic_link("l", "../outside/directory") + directory("l"), ""},
        HostileCase{
            "DirectoryModeOntoLink",
            directory("d") + symbolic_link("d", "../outside") + entry({.name = "d/", .type = '5', .mode = 0777}), ""},
        HostileCase{"HardLinkThroughLink", symbolic_link("l", "../outside") + hard_link("h", "l/file"), "hard link"},
        HostileCase{"HardLinkToLink", symbolic_link("l", "../outside/file") + hard_link("h", "l") + file("h", "hit"),
                    ""},
        HostileCase{"HardLinkToNothing", hard_link("h", "none"), "target of the hard link: fstatat(none)"},
        HostileCase{"HardLinkToDirectory", directory("d") + hard_link("h", "d"), "is a directory"},
        HostileCase{"HardLinkToRoot", hard_link("h", "/"), "is the root"},
        HostileCase{"DirectoryReplacedByLink",
                    directory("d") + symbolic_link("d", "../outside") + file("d/file", "hit"), "leads nowhere"},
        HostileCase{"FullDirectoryReplacedByLink", directory("d") + file("d/a") + symbolic_link("d", "../outside"),
                    "'d': a directory with something in it"},
        HostileCase{"DirectoryReplacedWhileItIsTheParent",
                    directory("d") + directory("d/e") + symbolic_link("d/e", "../../outside") + file("d/e/file", "hit"),
                    "leads nowhere"},
        HostileCase{"LinkChain", symbolic_link("a", "..") + symbolic_link("b", "a/..") + file("b/outside/file", "hit"),
                    ""},
        HostileCase{"LinkLoop", symbolic_link("a", "b") + symbolic_link("b", "a") + file("a/x", "hit"),
                    "symbolic links"},
        HostileCase{"MagicLink", symbolic_link("l", "/proc/self/cwd") + file("l/caisson-test-hit", "hit"),
                    "leads nowhere"},
        HostileCase{"UnderAFile", file("f") + file("f/x"), "'f/x': openat(f): Not a directory"},
        HostileCase{"UnderAFifo", entry({.name = "p", .type = '6'}) + file("p/x"), "Not a directory"},
        HostileCase{"RootIsAFile", file("."), "the root must be a directory"},
        HostileCase{"RootIsALink", symbolic_link("./", "../outside"), "the root must be a directory"},
        HostileCase{"EmptyName", file(""), "empty name"},
        HostileCase{"EmptyLinkTarget", symbolic_link("l", ""), "no target"},
        HostileCase{"LongComponent", pax(pax_record("path", std::string(256, 'n'))) + file("f"), "File name too long"},
        HostileCase{"LongName", pax(pax_record("path", std::string(5000, 'n'))) + file("f"), "more than 4095 bytes"},
        HostileCase{"LongTarget", pax(pax_record("linkpath", std::string(5000, 'n'))) + symbolic_link("l", "x"),
                    "File name too long"},
        HostileCase{"Truncated", file("f", std::string(600, 'x')).substr(0, 1000), "breaks off"},
        HostileCase{
            "SparseBeyondAnyFile",
            pax(pax_record("GNU.sparse.map", "0,1") + pax_record("GNU.sparse.size", "9223372036854775807")) + file("s"),
            "ftruncate"}),
    [](const auto& row) { return row.param.name; });

TEST_F(ExtractTest, StripsWhatIsAbsolute) {
  EXPECT_EQ(unpack(file("/etc/file", "a") + file("./b", "b") + hard_link("/h", "/etc/file")), "");
  EXPECT_EQ(in_root("etc/file"), "a");
  EXPECT_EQ(in_root("b"), "b");
  EXPECT_EQ(status("h").st_nlink, 2U);
}

TEST_F(ExtractTest, FollowsLinksOfParentsInsideTheRoot) {
  EXPECT_EQ(unpack(directory("usr/lib") + symbolic_link("lib", "usr/lib") + file("lib/relative", "1") +
                   symbolic_link("usr/lib64", "/usr/lib") + file("usr/lib64/absolute", "2") + directory("lib/d") +
                   symbolic_link("up", "../../../usr") + file("up/lib/d/f", "3") + directory("usr/share") +
                   symbolic_link("usr/lib/d/across", "./../..//share") + file("usr/lib/d/across/f", "4")),
            "");
  EXPECT_EQ(in_root("usr/lib/relative"), "1");
  EXPECT_EQ(in_root("usr/lib/absolute"), "2");
  EXPECT_EQ(in_root("usr/lib/d/f"), "3");
  EXPECT_EQ(in_root("usr/share/f"), "4");
  EXPECT_EQ(link("lib"), "usr/lib");
  EXPECT_EQ(status("usr/lib/d").st_mode & 07777, 0755U) << "set at the end although it was named through a link";
}

TEST_F(ExtractTest, ForgetsAParentWhoseNameWasReplaced) {
  EXPECT_EQ(unpack(symbolic_link("l", ".") + file("l/x", "1") + directory("l/l") + file("l/y", "2")), "");
  EXPECT_EQ(in_root("x"), "1");
  EXPECT_EQ(in_root("l/y"), "2");
}

TEST_F(ExtractTest, LetsTheLaterEntryTakeThePlace) {
  EXPECT_EQ(unpack(file("f", "1") + hard_link("h", "f") + file("f", "2") + directory("d") + file("d", "3") +
                   file("e", "4") + directory("e") + file("e/x", "5") + symbolic_link("l", "f") +
                   symbolic_link("l", "h") + directory("k") + file("k/kept", "6") + directory("k")),
            "");
  EXPECT_EQ(in_root("f"), "2");
  EXPECT_EQ(in_root("h"), "1") << "the other name of the first file";
  EXPECT_EQ(in_root("d"), "3");
  EXPECT_EQ(in_root("e/x"), "5");
  EXPECT_EQ(link("l"), "h");
  EXPECT_EQ(in_root("k/kept"), "6");
}

TEST_F(ExtractTest, KeepsAFileThatIsLinkedToItself) {
  EXPECT_EQ(unpack(file("f", "1") + hard_link("f", "./f") + hard_link("g", "f") + hard_link("g", "f")), "");
  EXPECT_EQ(in_root("f"), "1");
  EXPECT_EQ(status("g").st_nlink, 2U);
}

TEST_F(ExtractTest, LinksTheLinkAHardLinkNames) {
  EXPECT_EQ(unpack(symbolic_link("l", "nowhere") + hard_link("h", "l")), "");
  EXPECT_EQ(link("h"), "nowhere");
  EXPECT_EQ(status("h").st_nlink, 2U);
}

TEST_F(ExtractTest, UnpacksIntoDirectoriesThatAreShutInTheEnd) {
  EXPECT_EQ(unpack(entry({.name = "d", .type = '5', .mode = 0500}) + file("d/f", "1") +
                   entry({.name = "d/e", .type = '5', .mode = 0}) + file("d/e/f", "2") +
                   entry({.name = "./", .type = '5', .mode = 0711})),
            "");
  EXPECT_EQ(status("d").st_mode & 07777, 0500U);
  EXPECT_EQ(status("d/e").st_mode & 07777, 0U);
  EXPECT_EQ(status("").st_mode & 07777, 0711U);
  EXPECT_EQ(status("d").st_mtim.tv_sec, 1'000'000'000);
}

TEST_F(ExtractTest, KeepsModesAndTimes) {
  EXPECT_EQ(unpack(entry({.name = "suid", .mode = 04755}, "x") + pax(pax_record("mtime", "1234567890.123456789")) +
                   symbolic_link("l", "t") + entry({.name = "p", .type = '6', .mode = 0622})),
            "");
  EXPECT_EQ(status("suid").st_mode & 07777, 04755U);
  EXPECT_EQ(status("l").st_mtim.tv_sec, 1234567890);
  EXPECT_EQ(status("l").st_mtim.tv_nsec, 123456789);
  EXPECT_EQ(status("p").st_mode, S_IFIFO | 0622U);
}

TEST_F(ExtractTest, NotesWhatAUserCannotHave) {
  EXPECT_EQ(unpack(device("null", 1, 3) + device("zero", 1, 5) + device("gone", 0, 0) +
                   pax(pax_record("SCHILY.xattr.trusted.overlay.redirect", "/x")) + directory("d") +
                   pax(pax_record("SCHILY.acl.access", "user::rw-,user:joe:r--")) + file("f")),
            "");
  EXPECT_FALSE(fs::exists(top_ + "/root/null"));
  EXPECT_THAT(notes_,
              ElementsAre(HasSubstr("name users without their numbers: at 'f'"),
                          HasSubstr("to the overlay file system are files that are gone: at 'gone'"),
                          HasSubstr("device nodes were left out, which this user cannot make: at 'null' and 1 more"),
                          HasSubstr("orders to the overlay file system: at 'd'")));
}

TEST_F(ExtractTest, GoesOnAfterDeepTrees) {
  std::string deep;
  std::string archive;
  for (int i = 0; i < 40; ++i) deep += std::string(40, 'd') + "/";
  // Twice as deep as a path can say, through a link; remove_tree has to get rid of it.
  archive +=
      pax(pax_record("path", deep)) + directory("d") + pax(pax_record("linkpath", deep)) + symbolic_link("l", "x");
  archive += pax(pax_record("path", "l/" + deep + "f")) + file("f");
  EXPECT_EQ(unpack(archive), "");
}

// ---- compression ----------------------------------------------------------------------------------------------------

std::string gzip(const std::string& data) {
  isal_zstream stream{};
  isal_deflate_init(&stream);
  std::string out(data.size() + 1000, '\0');
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.flush = NO_FLUSH;
  stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<std::uint32_t>(data.size());
  stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
  stream.avail_out = static_cast<std::uint32_t>(out.size());
  EXPECT_EQ(isal_deflate_stateless(&stream), COMP_OK);
  out.resize(stream.total_out);
  return out;
}
std::string zstd(const std::string& data) {
  std::string out(ZSTD_compressBound(data.size()), '\0');
  const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  out.resize(ZSTD_compress2(context.get(), out.data(), out.size(), data.data(), data.size()));
  return out;
}
std::string xz(const std::string& data) {
  std::string out(data.size() + 1000, '\0');
  std::size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const std::uint8_t*>(data.data()),
                                    data.size(), reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size()),
            LZMA_OK);
  out.resize(size);
  return out;
}
std::string bzip2(const std::string& data) {
  std::string out(data.size() + 1000, '\0');
  auto size = static_cast<unsigned>(out.size());
  EXPECT_EQ(BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(data.data()),
                                     static_cast<unsigned>(data.size()), 1, 0, 0),
            BZ_OK);
  out.resize(size);
  return out;
}

class PieceInput : public Input {
 public:
  PieceInput(std::string_view data, std::size_t piece) : data_(data), piece_(piece) {}
  Result<std::string_view> more() override {
    const std::string_view piece = data_.substr(0, first_ ? std::max<std::size_t>(piece_, 6) : piece_);
    first_ = false;
    data_.remove_prefix(piece.size());
    return piece;
  }

 private:
  std::string_view data_;
  std::size_t piece_;
  bool first_ = true;
};

Result<std::string> decompressed(const std::string& data, std::size_t piece, std::size_t room) {
  PieceInput input(data, piece);
  const std::unique_ptr<Decompressor> decompressor = TRY(open_decompressor(input));
  std::string all;
  std::string buffer(room, '\0');
  for (;;) {
    const std::size_t size = TRY(decompressor->fill(buffer));
    if (size == 0) return all;
    EXPECT_TRUE(size == room || TRY(decompressor->fill(buffer)) == 0) << "less than was asked for means the end";
    all.append(buffer, 0, size);
    if (size < room) return all;
  }
}

struct Compression {
  const char* name;
  std::string (*compress)(const std::string&);
};
void PrintTo(const Compression& row, std::ostream* out) { *out << row.name; }
class CompressionTest : public testing::TestWithParam<Compression> {
 protected:
  std::string compress(const std::string& data) const { return GetParam().compress(data); }
};

std::string sample() {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += fmt::format("{} ", i * 7919 % 1009);
  return text;
}

TEST_P(CompressionTest, ComesBackInPiecesOfAnySize) {
  const std::string one = sample();
  const std::string two = "a second member";
  const std::string data = compress(one) + compress(two) + std::string(64, '\0');
  for (const std::size_t piece : {1U, 2U, 17U, 4096U, 1U << 20}) {
    for (const std::size_t room : {1U, 100U, 1U << 18}) {
      const Result<std::string> result = decompressed(data, piece, room);
      ASSERT_TRUE(result) << result.error().text();
      EXPECT_EQ(*result, one + two) << piece << " " << room;
    }
  }
}

TEST_P(CompressionTest, ThatBreaksOffIsAnError) {
  const std::string data = compress(sample());
  for (std::size_t length = 6; length < data.size(); ++length) {
    const Result<std::string> result = decompressed(data.substr(0, length), 100, 4096);
    ASSERT_FALSE(result) << length << " of " << data.size();
    EXPECT_THAT(result.error().text(), HasSubstr("break off"));
  }
}

TEST_P(CompressionTest, ThatIsDamagedIsAnError) {
  std::string data = compress(sample());
  data[data.size() / 2] = static_cast<char>(data[data.size() / 2] ^ 0x10);
  EXPECT_FALSE(decompressed(data, 100, 4096));
}

TEST_P(CompressionTest, WithGarbageBehindIsAnError) {
  for (const char* garbage : {"x", "garbage that is long enough for a header of any kind"}) {
    const Result<std::string> result = decompressed(compress(sample()) + garbage, 100, 4096);
    ASSERT_FALSE(result) << garbage;
    if (GetParam().compress == gzip || GetParam().compress == bzip2) {
      EXPECT_THAT(result.error().text(), HasSubstr("something else follows"));
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Formats, CompressionTest,
                         testing::Values(Compression{"gzip", gzip}, Compression{"zstd", zstd}, Compression{"xz", xz},
                                         Compression{"bzip2", bzip2}),
                         [](const auto& row) { return row.param.name; });

// The same .xz data asking for a dictionary of (2|bits&1) << (bits/2+11) bytes: its block's header follows the stream's
// twelve bytes, and ends with its CRC (the .xz file format, 3.1).
std::string with_dictionary(std::string data, char bits) {
  constexpr std::size_t kHeader = 12;
  const std::size_t size = (static_cast<unsigned char>(data[kHeader]) + 1U) * 4;
  const std::size_t at = data.find("\x21\x01", kHeader);  // LZMA2, one byte of properties
  EXPECT_LT(at, kHeader + size);
  data[at + 2] = bits;
  const std::uint32_t crc = lzma_crc32(reinterpret_cast<const std::uint8_t*>(data.data()) + kHeader, size - 4, 0);
  for (std::size_t i = 0; i < 4; ++i) data[kHeader + size - 4 + i] = static_cast<char>(crc >> (8 * i));
  return data;
}

TEST(Decompressor, GivesXzNoMoreThan40Mebibytes) {
  const std::string data = xz("content");
  EXPECT_EQ(*decompressed(with_dictionary(data, 26), 100, 100), "content") << "32 MiB, as xz -8 has it";
  EXPECT_EQ(decompressed(with_dictionary(data, 27), 100, 100).error().text(),
            "the xz data need more than 40 MiB of memory, which is the most that is given");
  EXPECT_EQ(bytes_to_decompress(data), 40U << 20);
}

TEST(Decompressor, GivesZstdAWindowOfNoMoreThan32Mebibytes) {
  // A frame of one raw block whose header asks for a window of 2^(10+exponent) bytes (RFC 8878, 3.1.1.1.2).
  const auto frame = [](int exponent) {
    return std::string("\x28\xb5\x2f\xfd\x00", 5) + static_cast<char>(exponent << 3) + std::string("\x39\x00\x00", 3) +
           "content";
  };
  EXPECT_EQ(*decompressed(frame(15), 100, 100), "content");
  EXPECT_EQ(decompressed(frame(16), 100, 100).error().text(),
            "the zstd data need a window of more than 32 MiB, which is the most that is given");
  const std::string skippable("\x53\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
  EXPECT_EQ(*decompressed(skippable + frame(15), 100, 100), "content");
  // What the first frame asks for is what is counted on: no later one has more.
  EXPECT_EQ(decompressed(frame(13) + frame(14), 100, 100).error().text(),
            "the zstd data need a window of more than 8 MiB, which is the most that is given");
  EXPECT_EQ(*decompressed(frame(14) + frame(13), 100, 100), "contentcontent");
  constexpr std::uint64_t kMiB = 1U << 20;
  for (const auto& [data, mib] : {std::pair{frame(5), 8U},
                                  {frame(14), 16},
                                  {frame(15), 32},
                                  {skippable + frame(15), 32},
                                  {frame(30), 32},
                                  {frame(15).substr(0, 5), 8},
                                  {skippable.substr(0, 9), 8}}) {
    EXPECT_EQ(bytes_to_decompress(data), mib * kMiB);
  }
  // One of a single segment has its size instead of a window: here 16 MiB, in four bytes.
  EXPECT_EQ(bytes_to_decompress(std::string("\x28\xb5\x2f\xfd\xa0\x00\x00\x00\x01", 9) + std::string(20, 'x')),
            16 * kMiB);
}

TEST(GzipWriter, MakesWhatIsReadBack) {
  std::string content;
  for (int i = 0; i < 60; ++i) content += sample();  // more than comes out in one piece
  for (std::uint32_t i = 0; i < 500'000; ++i) content += static_cast<char>(i * 7919 % 251 + i % 13);
  for (const std::size_t piece : {std::size_t{1000}, content.size()}) {
    std::string compressed;
    GzipWriter writer([&](std::string_view bytes) -> Result<> { return compressed += bytes, Result<>(); });
    for (std::size_t at = 0; at < content.size(); at += piece)
      ASSERT_TRUE(writer.write(std::string_view(content).substr(at, piece)));
    ASSERT_TRUE(writer.finish());
    EXPECT_LT(compressed.size(), content.size());
    EXPECT_TRUE(*decompressed(compressed, 4096, 65536) == content);
  }
  std::string nothing;
  GzipWriter writer([&](std::string_view bytes) -> Result<> { return nothing += bytes, Result<>(); });
  ASSERT_TRUE(writer.finish());
  EXPECT_EQ(*decompressed(nothing, 100, 100), "");
}

TEST(GzipFile, IsTheSameEachTimeAndKnowsBothDigests) {
  std::string content;
  while (content.size() < 2'500'000) content += sample();  // more than two pieces
  TemporaryDirectory place;
  ASSERT_TRUE(kernel::write_new_file(place / "in", content));
  const Fd in = kernel::open_file(place / "in", O_RDONLY).value();
  std::string made[2];
  for (std::string& bytes : made) {
    const Fd out = kernel::open_file(place / "out", O_RDWR | O_CREAT | O_TRUNC).value();
    const auto gzipped = gzip_file(in.get(), out.get());
    ASSERT_TRUE(gzipped) << gzipped.error().text();
    bytes = kernel::read_file(place / "out").value();
    EXPECT_EQ(gzipped->size, static_cast<std::int64_t>(bytes.size()));
    EXPECT_EQ(gzipped->digests.stored, digest_of(bytes).value());
    EXPECT_EQ(gzipped->digests.content, digest_of(content).value());
  }
  EXPECT_TRUE(made[0] == made[1]);
  EXPECT_TRUE(*decompressed(made[0], 4096, 65536) == content);
  const Fd closed = kernel::open_file("/dev/null", O_RDONLY).value();
  EXPECT_FALSE(gzip_file(in.get(), closed.get())) << "it cannot be written to";
}

TEST(Decompressor, LeavesTheRestAsItIs) { EXPECT_EQ(*decompressed("plain", 2, 3), "plain"); }

// ---- the store ------------------------------------------------------------------------------------------------------

class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    std::string path = testing::TempDir() + "store.XXXXXX";
    top_ = ::mkdtemp(path.data());
    store_ = top_ + "/deep/store";
  }
  ~StoreTest() override { fs::remove_all(top_); }

  std::string tarball(const std::string& name, const std::string& data) {
    std::ofstream(top_ + "/" + name, std::ios::binary) << data;
    return top_ + "/" + name;
  }
  Result<Unpacked> unpack(const std::string& path, std::optional<std::string> sha256 = {}) {
    return unpack_into_store({.store = store_, .tarball = path, .sha256 = std::move(sha256)});
  }
  std::vector<std::string> in_tmp() const {
    std::vector<std::string> names;
    for (const auto& found : fs::directory_iterator(store_ + "/layers/tmp")) names.push_back(found.path().filename());
    return names;
  }

  std::string top_;
  std::string store_;
};

TEST_F(StoreTest, HoldsATarballUnderTheDigestOfWhatIsStored) {
  const std::string plain = directory("d") + file("d/f", "hello") + end();
  for (const std::string& data : {plain, gzip(plain), zstd(plain), xz(plain), bzip2(plain)}) {
    const Result<Unpacked> unpacked = unpack(tarball("t", data));
    ASSERT_TRUE(unpacked) << unpacked.error().text();
    const std::optional<Layer> layer = find_layer_by_digest(store_, unpacked->digest);
    ASSERT_TRUE(layer);
    std::ifstream file(layer->tree + "/d/f");
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "hello");
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(store_ + "/layers/sha256"), {}), 5);
  EXPECT_THAT(in_tmp(), IsEmpty());
  EXPECT_EQ(fs::status(store_ + "/layers").permissions(), fs::perms::owner_all);
}

TEST_F(StoreTest, KnowsTheDigest) {
  const std::string path = tarball("t", end());
  const std::string hex = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";  // of 1024 zeros
  EXPECT_EQ(unpack(path)->digest, "sha256:" + hex);
  EXPECT_TRUE(unpack(path, hex));
  EXPECT_TRUE(unpack(path, "sha256:5F70" + hex.substr(4)));
  EXPECT_EQ(unpack(path, "12").error().text(), "--sha256: not 64 hexadecimal digits: '12'");
  const std::string other = tarball("other", file("f") + end());
  EXPECT_THAT(unpack(other, hex).error().text(), HasSubstr("not sha256:" + hex + " as --sha256 demands"));
  EXPECT_EQ(std::distance(fs::directory_iterator(store_ + "/layers/sha256"), {}), 1);
}

TEST_F(StoreTest, LeavesNothingOfWhatFailed) {
  const Result<Unpacked> unpacked = unpack(tarball("t", directory("d") + file("d/f") + file("../x") + end()));
  ASSERT_FALSE(unpacked);
  EXPECT_EQ(unpacked.error().text(), top_ + "/t: '../x': the name has a '..' in it, which could lead out of the root");
  EXPECT_THAT(in_tmp(), IsEmpty());
  EXPECT_TRUE(fs::is_empty(store_ + "/layers/sha256"));
}

TEST_F(StoreTest, ChecksWhatFollowsTheArchive) {
  const std::string data = gzip(file("f") + end() + std::string(100'000, 'z'));
  EXPECT_THAT(unpack(tarball("t", data.substr(0, data.size() - 1))).error().text(), HasSubstr("break off"));
  EXPECT_TRUE(unpack(tarball("t", data))) << "padding of any kind may follow";
}

TEST_F(StoreTest, ClearsWhatWasKilledAndOnlyThat) {
  ASSERT_TRUE(unpack(tarball("t", end())));
  const std::string dead(64, 'd');
  const std::string alive(64, 'a');
  fs::create_directories(store_ + "/layers/tmp/" + dead + "/tree/deep/er");
  fs::create_directories(store_ + "/layers/tmp/" + dead + "/.0/left/over");
  fs::permissions(store_ + "/layers/tmp/" + dead + "/tree/deep", fs::perms::none);
  fs::create_directories(store_ + "/layers/tmp/" + alive + "/tree");
  std::ofstream(store_ + "/layers/tmp/spool.1") << "x";
  const Fd held(::open((store_ + "/layers/lock/" + alive).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::flock(held.get(), LOCK_EX), 0);
  ASSERT_TRUE(unpack(tarball("t", end())));
  EXPECT_THAT(in_tmp(), ElementsAre(alive));
}

TEST_F(StoreTest, RemembersAnIdentity) {
  LayerStore store = std::move(*LayerStore::open(store_));
  const FileIdentity identity{.device = 1, .inode = 2, .size = 3, .mtime_ns = 4, .ctime_ns = 5};
  EXPECT_EQ(store.recall(identity), std::nullopt);
  const std::string digest = "sha256:" + std::string(64, '0');
  ASSERT_TRUE(store.remember(identity, digest));
  EXPECT_EQ(store.recall(identity), digest);
  FileIdentity changed = identity;
  changed.ctime_ns = 6;
  EXPECT_EQ(store.recall(changed), std::nullopt);
}

TEST_F(StoreTest, DoesNotRememberAFileThatWasJustWritten) {
  ASSERT_TRUE(unpack(tarball("t", end())));
  EXPECT_TRUE(fs::is_empty(store_ + "/layers/index"));
}

TEST_F(StoreTest, UnpacksOnceForAllAtOnce) {
  const std::string path = tarball("t", gzip(directory("d") + file("d/f", std::string(1'000'000, 'f')) + end()));
  std::vector<std::thread> threads;
  std::vector<std::string> outcomes(8);
  for (std::string& outcome : outcomes) {
    threads.emplace_back([&] {
      const Result<Unpacked> unpacked = unpack(path);
      outcome = unpacked ? "ok" : unpacked.error().text();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(outcomes, testing::Each("ok"));
  EXPECT_THAT(in_tmp(), IsEmpty());
}

}  // namespace
}  // namespace caisson::image
