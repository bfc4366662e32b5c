#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/result.h"
#include "base/text.h"

#include <fcntl.h>

namespace caisson {
namespace {

struct BytesCase {
  const char* text;
  std::optional<std::int64_t> bytes;
};
class BytesTest : public testing::TestWithParam<BytesCase> {};
TEST_P(BytesTest, AreReadAsDockerDoes) { EXPECT_EQ(parse_bytes(GetParam().text), GetParam().bytes); }
INSTANTIATE_TEST_SUITE_P(Sizes, BytesTest,
                         testing::Values(BytesCase{"0", 0}, BytesCase{"100", 100}, BytesCase{"100b", 100},
                                         BytesCase{"1k", 1024}, BytesCase{"100m", 104857600},
                                         BytesCase{"100MB", 104857600}, BytesCase{"1.5GiB", 1610612736},
                                         BytesCase{"2T", 2199023255552}, BytesCase{"", std::nullopt},
                                         BytesCase{"m", std::nullopt}, BytesCase{"-1", std::nullopt},
                                         BytesCase{"1x", std::nullopt}, BytesCase{"1 m", std::nullopt},
                                         BytesCase{"1..5m", std::nullopt}, BytesCase{"9000000p", std::nullopt},
                                         BytesCase{"1mm", std::nullopt}));

TEST(Numbers, AreStrict) {
  EXPECT_EQ(parse_unsigned("42"), 42U);
  EXPECT_EQ(parse_unsigned("-1"), std::nullopt);
  EXPECT_EQ(parse_unsigned("+1"), std::nullopt);
  EXPECT_EQ(parse_unsigned(" 1"), std::nullopt);
  EXPECT_EQ(parse_unsigned("18446744073709551616"), std::nullopt);
  EXPECT_EQ(parse_signed("-1"), -1);
  EXPECT_EQ(parse_octal("0755"), 0755U);
  EXPECT_EQ(parse_octal("8"), std::nullopt);
}

TEST(Text, SplitsAndQuotes) {
  EXPECT_THAT(split("a::b", ':'), testing::ElementsAre("a", "", "b"));
  EXPECT_THAT(split("", ':'), testing::ElementsAre(""));
  EXPECT_EQ(shell_quote("/bin/sh"), "/bin/sh");
  EXPECT_EQ(shell_quote("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quote(""), "''");
  EXPECT_EQ(human_bytes(104857600), "100 MiB");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(hex(std::string_view("\x00\xff", 2)), "00ff");
  EXPECT_EQ(nearest("memroy", {"memory", "mount"}), "memory");
  EXPECT_EQ(nearest("rnu", {"ps", "run", "rm"}), "run");
  EXPECT_EQ(nearest("xyz", {"memory", "mount"}), std::nullopt);
}

TEST(Error, IsOneLine) {
  errno = ENOENT;
  Error error = os_error("open", "/no");
  EXPECT_EQ(error.text(), "open(/no): No such file or directory");
  EXPECT_EQ(in("mounts[2]", error).text(), "mounts[2]: open(/no): No such file or directory");
  EXPECT_EQ(complaint("not a number: '1x'").text(), "not a number: '1x'");
}

Result<int> twice(Result<int> value) { return 2 * TRY(value); }
TEST(Result, IsTakenOrReturned) {
  EXPECT_EQ(twice(4), 8);
  EXPECT_EQ(twice(fail(complaint("no"))).error().operand, "no");
}

TEST(Fd, OwnsItself) {
  Fd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = fd.get();
  fd = Fd();
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST(Json, QuotesWhatIsNotText) { EXPECT_EQ(json_quote("a\"b\n\x01é\xff"), "\"a\\\"b\\n\\u0001é\\ufffd\""); }

TEST(Time, IsRfc3339) { EXPECT_EQ(rfc3339(1'000'000'001), "1970-01-01T00:00:01.000000001Z"); }

}  // namespace
}  // namespace caisson
