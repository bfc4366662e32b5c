#include "keeper/json_text.h"

#include <gtest/gtest.h>

#include <vector>

namespace caisson::keeper {
namespace {

std::string written(std::string_view text) {
  std::vector<char> buffer(text.size() * kMostJsonBytes);
  return {buffer.data(), write_json_text(std::span(text.data(), text.size()), buffer.data())};
}

struct JsonCase {
  const char* name;
  std::string_view text;
  std::string_view json;
};
class JsonTextTest : public testing::TestWithParam<JsonCase> {};
TEST_P(JsonTextTest, IsTheInsideOfAString) { EXPECT_EQ(written(GetParam().text), GetParam().json); }
INSTANTIATE_TEST_SUITE_P(
    Texts, JsonTextTest,
    testing::Values(JsonCase{"plain", "a b", "a b"}, JsonCase{"quotes", "\"\\", "\\\"\\\\"},
                    JsonCase{"controls", std::string_view("\n\r\t\0\x1b\x7f", 6), "\\n\\r\\t\\u0000\\u001b\\u007f"},
                    JsonCase{"characters", "é€😀", "é€😀"}, JsonCase{"a_lone_byte", "a\xffz", "a\xEF\xBF\xBDz"},
                    JsonCase{"overlong", "\xC0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD"},
                    JsonCase{"surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
                    JsonCase{"cut_off", "a\xE2\x82", "a\xEF\xBF\xBD\xEF\xBF\xBD"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(JsonText, KnowsHowMuchOfACharacterIsMissing) {
  const auto unfinished = [](std::string_view text) { return unfinished_bytes(std::span(text.data(), text.size())); };
  EXPECT_EQ(unfinished("abc"), 0U);
  EXPECT_EQ(unfinished("a\xE2"), 1U);
  EXPECT_EQ(unfinished("a\xE2\x82"), 2U);
  EXPECT_EQ(unfinished("a€"), 0U);
  EXPECT_EQ(unfinished("\xF0\x9F\x98"), 3U);
  EXPECT_EQ(unfinished("\x80\x80\x80\x80"), 0U);
  EXPECT_EQ(unfinished(""), 0U);
}

TEST(JsonText, IsReadAsOthersWriteIt) {
  std::string_view json = R"("a\n\u0041\ud83d\ude00\/\b",rest)";
  std::string text;
  ASSERT_TRUE(take_json_text(json, text));
  EXPECT_EQ(text, "a\nA😀/\b");
  EXPECT_EQ(json, ",rest");
  for (const char* wrong : {"", "a", "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\ud83d\\u0041\""}) {
    std::string_view rest = wrong;
    EXPECT_FALSE(take_json_text(rest, text)) << wrong;
  }
}

}  // namespace
}  // namespace caisson::keeper
