#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <fstream>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"
#include "keeper/log_entry.h"
#include "keeper/log_file.h"
#include "keeper/log_reader.h"
#include "keeper/pidfd.h"
#include "keeper_fixture.h"

namespace caisson::keeper {
namespace {

using testing::ElementsAre;

constexpr timespec kMoment{.tv_sec = 1'795'438'800, .tv_nsec = 123'456'789};
constexpr std::string_view kStamp = "2026-11-23T13:00:00.123456789+00:00";

struct StampCase {
  const char* name;
  std::int64_t seconds;
  const char* stamp;
};
class StampTest : public testing::TestWithParam<StampCase> {};
TEST_P(StampTest, IsThatMoment) {
  const auto stamp = log_stamp({.tv_sec = GetParam().seconds, .tv_nsec = 5});
  const std::string_view text(stamp.data(), stamp.size());
  EXPECT_EQ(text, std::string(GetParam().stamp) + ".000000005+00:00");
  EXPECT_EQ(parse_moment(text), GetParam().seconds * 1'000'000'000 + 5);
}
INSTANTIATE_TEST_SUITE_P(Moments, StampTest,
                         testing::Values(StampCase{"epoch", 0, "1970-01-01T00:00:00"},
                                         StampCase{"end_of_1999", 946'684'799, "1999-12-31T23:59:59"},
                                         StampCase{"leap_day_2000", 951'782'400, "2000-02-29T00:00:00"},
                                         StampCase{"after_leap_day", 951'868'800, "2000-03-01T00:00:00"},
                                         StampCase{"now", 1'795'438'800, "2026-11-23T13:00:00"},
                                         StampCase{"no_leap_day_2100", 4'107'542'400, "2100-03-01T00:00:00"}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Moment, IsReadWithZonesAndFractions) {
  EXPECT_EQ(parse_moment("1970-01-01T01:00:00.5+01:00"), 500'000'000);
  EXPECT_EQ(parse_moment("1970-01-01T00:00:01Z"), 1'000'000'000);
  for (const char* wrong : {"", "1970-01-01", "1970-01-01T00:00:00", "1970-13-01T00:00:00Z", "1970-02-30T00:00:00Z",
                            "1970-01-01T25:00:00Z", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00Zx"}) {
    EXPECT_EQ(parse_moment(wrong), std::nullopt) << wrong;
  }
}

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(JsonLog, WritesDockersLines) {
  const TemporaryDirectory directory;
  const std::string path = directory / "log";
  LogFile log({.path = path.c_str(), .format = EntryFormat::kJson});
  log.append(LogStream::kOutput, std::string_view("one\n\"two\""), kMoment);
  log.append(LogStream::kError, std::string_view("three\n"), kMoment);
  const std::string time = fmt::format(R"("time":"{}"}})", kStamp);
  EXPECT_EQ(content_of(path), R"({"log":"one\n","stream":"stdout",)" + time + "\n" +
                                  R"({"log":"\"two\"","stream":"stdout",)" + time + "\n" +
                                  R"({"log":"three\n","stream":"stderr",)" + time + "\n");
}

TEST(JsonLog, KeepsCharactersWholeAcrossPieces) {
  const TemporaryDirectory directory;
  const std::string path = directory / "log";
  LogFile log({.path = path.c_str(), .format = EntryFormat::kJson});
  std::string text;
  for (int i = 0; i < 1500; ++i) text += "€";
  text += "\n";
  for (std::size_t at = 0; at < text.size(); at += 1000)
    log.append(LogStream::kOutput, std::string_view(text).substr(at, 1000), kMoment);
  log.append(LogStream::kOutput, std::string_view("\xE2\x82"), kMoment);
  log.finish(LogStream::kOutput, kMoment);
  std::string read;
  ASSERT_TRUE(read_log(path, {}, [&](const LogEntry& entry) -> Result<> {
    read += entry.text;
    return {};
  }));
  EXPECT_EQ(read, text + "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(JsonLog, IsReadAsDockerWritesIt) {
  std::string text;
  const auto entry = parse_log_entry(
      R"({"log":"a\u003cb\n","stream":"stderr","attrs":{"tag":"x"},"time":"2026-11-23T13:00:00.123456789Z"})"
      "\n",
      text);
  EXPECT_FALSE(entry);  // keys in another order than docker's
  const auto usual = parse_log_entry(R"({"log":"a\u003cb\n","stream":"stderr","time":"2026-11-23T13:00:00.123456789Z"})"
                                     "\n",
                                     text);
  ASSERT_TRUE(usual);
  EXPECT_EQ(usual->text, "a<b\n");
  EXPECT_TRUE(usual->ends_line);
  EXPECT_EQ(usual->stream, LogStream::kError);
  EXPECT_EQ(usual->time_ns, kMoment.tv_sec * 1'000'000'000 + kMoment.tv_nsec);
  for (const char* wrong : {"{\n", "{}\n", "{\"log\":\"a\"}\n", "{\"log\":\"a\",\"stream\":\"x\",\"time\":\"\"}\n"})
    EXPECT_FALSE(parse_log_entry(wrong, text)) << wrong;
}

TEST(JsonLog, IsSetAsideByItsLength) {
  const TemporaryDirectory directory;
  const std::string path = directory / "log";
  LogFile log({.path = path.c_str(), .format = EntryFormat::kJson, .file_bytes = 250, .files = 2});
  for (const char* line : {"1\n", "2\n", "3\n", "4\n", "5\n"})
    log.append(LogStream::kOutput, std::string_view(line), kMoment);
  EXPECT_FALSE(std::filesystem::exists(path + ".2"));
  EXPECT_TRUE(std::filesystem::exists(path + ".1"));
  EXPECT_NE(content_of(path).find("\"5\\n\""), std::string::npos);
}

TEST(LogFile, WritesOneEntryPerLine) {
  const TemporaryDirectory directory;
  const std::string path = directory / "log";
  LogFile log({.path = path.c_str()});
  EXPECT_FALSE(std::filesystem::exists(path));
  log.append(LogStream::kOutput, std::string_view("one\n\ntwo"), kMoment);
  log.append(LogStream::kError, std::string_view("three\n"), kMoment);
  EXPECT_EQ(contents(path),
            fmt::format("{0} stdout F one\n{0} stdout F \n{0} stdout P two\n{0} stderr F three\n", kStamp));
}

TEST(LogFile, WritesMoreLinesThanOneWriteTakes) {
  const TemporaryDirectory directory;
  const std::string path = directory / "log";
  LogFile log({.path = path.c_str()});
  std::string expected;
  for (int i = 0; i < 1000; ++i) expected += fmt::format("{} stdout F \n", kStamp);
  log.append(LogStream::kOutput, std::string(1000, '\n'), kMoment);
  EXPECT_EQ(contents(path), expected);
}

TEST(LogFile, IsSetAsideBeforeItBecomesTooLong) {
  const TemporaryDirectory directory;
  const std::string path = directory / "log";
  LogFile log({.path = path.c_str(), .file_bytes = 100, .files = 3});  // an entry of one letter has 47 bytes
  for (const char* line : {"a\n", "b\n", "c\nd\n", "e\nf\n", "g\n"})
    log.append(LogStream::kOutput, std::string_view(line), kMoment);
  const auto lines = [](const char* one, const char* two) {
    return fmt::format("{0} stdout F {1}\n{0} stdout F {2}\n", kStamp, one, two);
  };
  EXPECT_EQ(contents(path), fmt::format("{} stdout F g\n", kStamp));
  EXPECT_EQ(contents(path + ".1"), lines("e", "f"));
  EXPECT_EQ(contents(path + ".2"), lines("c", "d"));
  EXPECT_FALSE(std::filesystem::exists(path + ".3"));

  LogFile after_a_restart({.path = path.c_str(), .file_bytes = 100, .files = 1});
  after_a_restart.append(LogStream::kOutput, std::string_view("h\ni\n"), kMoment);
  EXPECT_EQ(contents(path), fmt::format("{} stdout F i\n", kStamp));
  EXPECT_EQ(contents(path + ".1"), lines("e", "f")) << "files=1 keeps nothing, but touches nothing else";
}

TEST(LogFile, HasNoHalfEntryAfterAFullDisk) {
  LogFile log({.path = "/dev/full"});
  log.append(LogStream::kOutput, std::string_view("lost\n"), kMoment);  // and no more than that
}

// The texts that read_log() gives for a query.
std::vector<std::string> read(const std::string& path, const LogQuery& query) {
  std::vector<std::string> texts;
  const auto result = read_log(path, query, [&](const LogEntry& entry) -> Result<> {
    texts.emplace_back(entry.text);
    return {};
  });
  EXPECT_TRUE(result) << result.error().text();
  return texts;
}

// Lines "0\n" to "9\n", one a second, every third on standard error, in files of three entries.
class LogReaderTest : public testing::Test {
 protected:
  LogReaderTest() {
    LogFile log({.path = path_.c_str(), .file_bytes = 150, .files = 10});
    for (int i = 0; i < 10; ++i) {
      log.append(i % 3 == 2 ? LogStream::kError : LogStream::kOutput, fmt::format("{}\n", i),
                 {.tv_sec = i, .tv_nsec = 0});
    }
  }
  const TemporaryDirectory directory_;
  const std::string path_ = directory_ / "log";
};

TEST_F(LogReaderTest, ReadsEverythingInOrder) {
  EXPECT_TRUE(std::filesystem::exists(path_ + ".3"));
  EXPECT_THAT(read(path_, {}), ElementsAre("0\n", "1\n", "2\n", "3\n", "4\n", "5\n", "6\n", "7\n", "8\n", "9\n"));
  EXPECT_THAT(read(directory_ / "none", {}), ElementsAre());
}

TEST_F(LogReaderTest, ReadsTheTail) {
  EXPECT_THAT(read(path_, {.tail = 0}), ElementsAre());
  EXPECT_THAT(read(path_, {.tail = 1}), ElementsAre("9\n"));
  EXPECT_THAT(read(path_, {.tail = 3}), ElementsAre("7\n", "8\n", "9\n"));
  EXPECT_THAT(read(path_, {.tail = 5}), ElementsAre("5\n", "6\n", "7\n", "8\n", "9\n"));
  EXPECT_EQ(read(path_, {.tail = 100}).size(), 10U);
  EXPECT_THAT(read(path_, {.tail = 2, .output = false}), ElementsAre("5\n", "8\n"));
}

TEST_F(LogReaderTest, ReadsASpanOfTime) {
  EXPECT_THAT(read(path_, {.since_ns = 3'000'000'000, .until_ns = 5'000'000'000}), ElementsAre("3\n", "4\n", "5\n"));
  EXPECT_THAT(read(path_, {.tail = 1, .until_ns = 5'000'000'000}), ElementsAre("5\n"));
  EXPECT_THAT(read(path_, {.error = false}), ElementsAre("0\n", "1\n", "3\n", "4\n", "6\n", "7\n", "9\n"));
}

TEST(LogReader, CountsALineOfSeveralEntriesOnce) {
  const TemporaryDirectory directory;
  const std::string path = directory / "log";
  LogFile log({.path = path.c_str()});
  for (const char* piece : {"first\n", "sec", "ond", "\n", "th", "ird"})
    log.append(LogStream::kOutput, std::string_view(piece), kMoment);
  EXPECT_THAT(read(path, {.tail = 1}), ElementsAre("th", "ird"));
  EXPECT_THAT(read(path, {.tail = 2}), ElementsAre("sec", "ond", "\n", "th", "ird"));
}

TEST(LogReader, FindsTheTailOfALongFile) {
  const TemporaryDirectory directory;
  const std::string path = directory / "log";
  LogFile log({.path = path.c_str()});
  for (int i = 0; i < 5000; ++i) log.append(LogStream::kOutput, fmt::format("line {}\n", i), kMoment);
  const auto lines = read(path, {.tail = 3000});
  ASSERT_EQ(lines.size(), 3000U);
  EXPECT_EQ(lines.front(), "line 2000\n");
  EXPECT_EQ(lines.back(), "line 4999\n");
}

// A keeper writes and rotates while somebody follows: every line comes once, in order, up to the keeper's end.
TEST(LogReader, FollowsThroughRotations) {
  const TemporaryDirectory directory;
  const std::string path = directory / "log";
  constexpr int kLines = 3000;
  const pid_t writer = fork_child([&] {
    LogFile log({.path = path.c_str(), .file_bytes = 2000, .files = 100});
    for (int i = 0; i < kLines; ++i) log.append(LogStream::kOutput, fmt::format("{}\n", i), kMoment);
    return 0;
  });
  const Fd writer_fd = open_pidfd(writer);
  const std::vector<std::string> lines = read(path, {.follow_until = writer_fd.get()});
  wait_for(writer);
  ASSERT_EQ(lines.size(), static_cast<std::size_t>(kLines));
  for (int i = 0; i < kLines; ++i) EXPECT_EQ(lines[static_cast<std::size_t>(i)], fmt::format("{}\n", i));
}

}  // namespace
}  // namespace caisson::keeper
