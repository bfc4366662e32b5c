#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/index_lines.h"

namespace caisson::image {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

TEST(IndexLines, AreThoseWithTheWord) {
  const std::string_view index =
      R"({"x":[{"n":"a"}],"manifests":[{"n":"a","k":["a",{}]}, {"n":"ab"},{"n":"b]},{"},7,"a"],"y":{"manifests":["a"]}})";
  EXPECT_THAT(lines_with(index, "a"), Optional(ElementsAre(R"({"n":"a","k":["a",{}]})", R"("a")")));
  EXPECT_THAT(lines_with(index, "ab"), Optional(ElementsAre(R"( {"n":"ab"})")));
  EXPECT_THAT(lines_with(index, "b]},{"), Optional(ElementsAre(R"({"n":"b]},{"})")));
  EXPECT_THAT(lines_with(index, "none"), Optional(IsEmpty()));
  EXPECT_THAT(lines_with(index, "b", Stands::kAtTheEnd), Optional(ElementsAre(R"( {"n":"ab"})")));
  EXPECT_THAT(lines_with(R"({"manifests":[]})", ""), Optional(IsEmpty()));
}

TEST(IndexLines, AreNotGuessedAt) {
  for (const char* json : {"", "[]", "{}", R"({"manifests":{"a":1}})", R"({"manifests":["a"])", R"({"manifests":["a]})",
                           R"({"manifests":["\u0061"]})", R"({"manifests":["a"],"manifests":[]})",
                           R"({"x":"manifests","y":["a"]})", R"("manifests",["a"])"}) {
    EXPECT_EQ(lines_with(json, "a"), std::nullopt) << json;
  }
}

}  // namespace
}  // namespace caisson::image
